using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>What a <see cref="Cell"/> holds; the numbers are those of <c>CtTag</c> in continual_torch.h.</summary>
internal enum Tag
{
    None = 0, Tensor, Int, Double, Bool, Ints, Doubles, Tensors, OptTensors, String, Device, Generator, Default,
}

/// <summary>One argument or result as the shim sees it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct Cell
{
    [FieldOffset(0)] public Tag Tag;
    [FieldOffset(4)] public int Length;
    [FieldOffset(8)] public long Integer;
    [FieldOffset(8)] public double Number;
    [FieldOffset(8)] public void* Pointer;
}

/// <summary>
/// One argument of an operator on the managed side: a cell, and the object behind it. The object is what keeps a handle alive
/// until the native call has returned; without it the finaliser of a tensor could free the handle while it is in use.
/// </summary>
internal readonly struct Arg
{
    internal readonly object? Owner;
    internal readonly Cell Cell;

    private Arg(Tag tag, object owner)
    {
        Owner = owner;
        Cell.Tag = tag;
    }

    private Arg(Cell cell) => Cell = cell;

    /// <summary>Takes the default value that the operator's schema gives.</summary>
    internal static Arg Default => new(new Cell { Tag = Tag.Default });

    internal static Arg None => default;

    public static implicit operator Arg(torch.Tensor? value) => value is null ? default : new(Tag.Tensor, value);
    public static implicit operator Arg(torch.Tensor[] value) => new(Tag.Tensors, value);
    public static implicit operator Arg(long[]? value) => value is null ? default : new(Tag.Ints, value);
    public static implicit operator Arg(double[]? value) => value is null ? default : new(Tag.Doubles, value);
    public static implicit operator Arg(string? value) => value is null ? default : new(Tag.String, value);
    public static implicit operator Arg(torch.Generator? value) => value is null ? default : new(Tag.Generator, value);
    public static implicit operator Arg(Scalar? value) => value is null ? default : new(value.Cell);
    public static implicit operator Arg(long value) => new(new Cell { Tag = Tag.Int, Integer = value });
    public static implicit operator Arg(int value) => new(new Cell { Tag = Tag.Int, Integer = value });
    public static implicit operator Arg(double value) => new(new Cell { Tag = Tag.Double, Number = value });
    public static implicit operator Arg(bool value) => new(new Cell { Tag = Tag.Bool, Integer = value ? 1 : 0 });
    public static implicit operator Arg(long? value) => value is { } v ? v : default(Arg);
    public static implicit operator Arg(double? value) => value is { } v ? v : default(Arg);
    public static implicit operator Arg(torch.ScalarType value) => (long)value;
    public static implicit operator Arg(torch.ScalarType? value) => value is { } v ? (long)v : default(Arg);
    public static implicit operator Arg(torch.Device? value) =>
        value is null ? default : new(new Cell { Tag = Tag.Device, Integer = value.Packed });
}
