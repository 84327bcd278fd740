namespace TorchSharp;

/// <summary>A number of any element type. Real TorchSharp holds a native object here; this one is a plain value, so disposing it does nothing.</summary>
public sealed class Scalar : IDisposable
{
    internal readonly Cell Cell;

    private Scalar(Tag tag, torch.ScalarType type)
    {
        Cell.Tag = tag;
        Type = type;
    }

    private Scalar(long value, torch.ScalarType type, Tag tag = Tag.Int) : this(tag, type) => Cell.Integer = value;

    internal Scalar(double value, torch.ScalarType type) : this(Tag.Double, type) => Cell.Number = value;

    internal Scalar(in Cell cell, torch.ScalarType type)
    {
        Cell = cell;
        Type = type;
    }

    public torch.ScalarType Type { get; }

    internal double AsDouble => Cell.Tag == Tag.Double ? Cell.Number : Cell.Integer;

    internal long AsInt64 => Cell.Tag == Tag.Double ? (long)Cell.Number : Cell.Integer;

    internal bool AsBool => Cell.Tag == Tag.Double ? Cell.Number != 0 : Cell.Integer != 0;

    public static implicit operator Scalar(byte value) => new((long)value, torch.ScalarType.Byte);
    public static implicit operator Scalar(sbyte value) => new((long)value, torch.ScalarType.Int8);
    public static implicit operator Scalar(short value) => new((long)value, torch.ScalarType.Int16);
    public static implicit operator Scalar(int value) => new((long)value, torch.ScalarType.Int32);
    public static implicit operator Scalar(long value) => new(value, torch.ScalarType.Int64);
    public static implicit operator Scalar(float value) => new((double)value, torch.ScalarType.Float32);
    public static implicit operator Scalar(double value) => new(value, torch.ScalarType.Float64);
    public static implicit operator Scalar(Half value) => new((double)value, torch.ScalarType.Float16);
    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, torch.ScalarType.Bool, Tag.Bool);

    public void Dispose() { }
}

/// <summary>Conversions between numbers and <see cref="Scalar"/>.</summary>
public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;
    public static Scalar ToScalar(this sbyte value) => value;
    public static Scalar ToScalar(this short value) => value;
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this Half value) => value;
    public static Scalar ToScalar(this bool value) => value;
    public static Scalar ToBFloat16Scalar(this float value) => new(value, torch.ScalarType.BFloat16);

    public static byte ToByte(this Scalar value) => (byte)value.AsInt64;
    public static sbyte ToSByte(this Scalar value) => (sbyte)value.AsInt64;
    public static short ToInt16(this Scalar value) => (short)value.AsInt64;
    public static int ToInt32(this Scalar value) => (int)value.AsInt64;
    public static long ToInt64(this Scalar value) => value.AsInt64;
    public static float ToSingle(this Scalar value) => (float)value.AsDouble;
    public static double ToDouble(this Scalar value) => value.AsDouble;
    public static Half ToHalf(this Scalar value) => (Half)value.AsDouble;
    public static bool ToBoolean(this Scalar value) => value.AsBool;
}
