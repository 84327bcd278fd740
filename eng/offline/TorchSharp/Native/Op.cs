using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp.Native;

/// <summary>
/// An operator of libtorch's dispatcher, looked up by its name when it is first called. Every member of the stand-in is one call of one of these.
/// </summary>
internal sealed unsafe class Op
{
    private const int StackBytes = 512;
    private readonly string name, overload;
    private void* handle;

    /// <summary>Takes "name" or "name.overload", without the namespace "aten".</summary>
    internal Op(string qualified)
    {
        int dot = qualified.IndexOf('.');
        name = "aten::" + (dot < 0 ? qualified : qualified[..dot]);
        overload = dot < 0 ? "" : qualified[(dot + 1)..];
    }

    /// <summary>Whether this libtorch has the operator.</summary>
    internal bool Exists => Find() != null;

    /// <summary>Calls an operator that returns one tensor.</summary>
    internal torch.Tensor Call(params ReadOnlySpan<Arg> arguments)
    {
        Cell result;
        Invoke(arguments, &result, 1);
        return Take(result);
    }

    /// <summary>Calls an operator that changes its first argument, and returns that argument.</summary>
    internal torch.Tensor CallInPlace(torch.Tensor self, params ReadOnlySpan<Arg> others)
    {
        Span<Arg> arguments = [self, default, default, default, default, default, default];
        others.CopyTo(arguments[1..]);
        Invoke(arguments[..(others.Length + 1)], null, 0);
        return self;
    }

    /// <summary>Calls an operator that writes its result into a tensor, its last argument, and returns that tensor.</summary>
    internal torch.Tensor CallInto(torch.Tensor target, params ReadOnlySpan<Arg> arguments)
    {
        Span<Arg> all = [default, default, default, default, default, default, default, default];
        arguments.CopyTo(all);
        all[arguments.Length] = target;
        Invoke(all[..(arguments.Length + 1)], null, 0);
        return target;
    }

    internal (torch.Tensor, torch.Tensor) Call2(params ReadOnlySpan<Arg> arguments)
    {
        Cell* results = stackalloc Cell[2];
        Invoke(arguments, results, 2);
        return (Take(results[0]), Take(results[1]));
    }

    internal (torch.Tensor, torch.Tensor, torch.Tensor) Call3(params ReadOnlySpan<Arg> arguments)
    {
        Cell* results = stackalloc Cell[3];
        Invoke(arguments, results, 3);
        return (Take(results[0]), Take(results[1]), Take(results[2]));
    }

    internal (torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor) Call4(params ReadOnlySpan<Arg> arguments)
    {
        Cell* results = stackalloc Cell[4];
        Invoke(arguments, results, 4);
        return (Take(results[0]), Take(results[1]), Take(results[2]), Take(results[3]));
    }

    /// <summary>Calls an operator that returns a list of tensors.</summary>
    internal torch.Tensor[] CallList(params ReadOnlySpan<Arg> arguments)
    {
        Cell result;
        Invoke(arguments, &result, 1);
        if (result.Tag != Tag.Tensors) throw new ExternalException($"{name}: a list of tensors was expected, the result is {result.Tag}");
        var tensors = new torch.Tensor[result.Length];
        var handles = (IntPtr*)result.Pointer;
        for (int i = 0; i < tensors.Length; i++) tensors[i] = torch.Tensor.Own(handles[i]);
        Shim.ct_free_list(result.Pointer);
        return tensors;
    }

    internal bool CallBool(params ReadOnlySpan<Arg> arguments)
    {
        Cell result;
        Invoke(arguments, &result, 1);
        return result.Integer != 0;
    }

    /// <summary>Calls an operator for its effect.</summary>
    internal void Run(params ReadOnlySpan<Arg> arguments) => Invoke(arguments, null, 0);

    private torch.Tensor Take(in Cell cell) => cell.Tag == Tag.Tensor
        ? torch.Tensor.Own((IntPtr)cell.Pointer)
        : throw new ExternalException($"{name}: a tensor was expected, the result is {cell.Tag}");

    private void* Find()
    {
        if (handle == null)
        {
            Loader.Ensure();
            handle = Shim.ct_op(name, overload);
        }
        return handle;
    }

    [SkipLocalsInit]
    private void Invoke(ReadOnlySpan<Arg> arguments, Cell* results, int capacity)
    {
        void* op = Find();
        if (op == null) throw Shim.Error();
        Cell* cells = stackalloc Cell[arguments.Length];
        int listBytes = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            ref readonly Arg argument = ref arguments[i];
            cells[i] = argument.Cell;
            if (argument.Owner is null) continue;
            if (argument.Cell.Tag == Tag.Tensor) cells[i].Pointer = (void*)Unsafe.As<torch.Tensor>(argument.Owner).Handle;
            else if (argument.Cell.Tag == Tag.Generator) cells[i].Pointer = (void*)Unsafe.As<torch.Generator>(argument.Owner).Handle;
            else listBytes += BytesOf(argument);
        }
        int status = listBytes == 0 ? Shim.ct_call(op, cells, arguments.Length, results, capacity)
                                    : WithLists(op, arguments, cells, listBytes, results, capacity);
        foreach (ref readonly Arg argument in arguments) GC.KeepAlive(argument.Owner);
        if (status < 0) throw Shim.Error();
    }

    /// <summary>The same for a call with lists or strings: their items are laid out side by side in memory that does not move.</summary>
    [SkipLocalsInit]
    private static int WithLists(void* op, ReadOnlySpan<Arg> arguments, Cell* cells, int bytes, Cell* results, int capacity)
    {
        byte* near = stackalloc byte[StackBytes];
        byte* far = bytes > StackBytes ? (byte*)NativeMemory.Alloc((nuint)bytes) : null;
        try
        {
            byte* at = far != null ? far : near;
            for (int i = 0; i < arguments.Length; i++)
                if (arguments[i].Owner is { } owner && cells[i].Tag is not (Tag.Tensor or Tag.Generator))
                {
                    cells[i].Pointer = at;
                    cells[i].Length = Write(owner, at);
                    at += BytesOf(arguments[i]);
                }
            return Shim.ct_call(op, cells, arguments.Length, results, capacity);
        }
        finally
        {
            NativeMemory.Free(far);
        }
    }

    // Eight bytes at least, so that an empty list has an address, and a multiple of eight, so that the next one is aligned.
    private static int BytesOf(in Arg argument) => argument.Owner switch
    {
        Array array => Math.Max(8, array.Length * 8),
        string text => (Encoding.UTF8.GetByteCount(text) + 15) & ~7,
        _ => 0,
    };

    private static int Write(object owner, byte* to)
    {
        switch (owner)
        {
            case long[] items:
                items.CopyTo(new Span<long>(to, items.Length));
                return items.Length;
            case double[] items:
                items.CopyTo(new Span<double>(to, items.Length));
                return items.Length;
            case torch.Tensor?[] items:
                for (int i = 0; i < items.Length; i++) ((IntPtr*)to)[i] = items[i] is { } tensor ? tensor.Handle : IntPtr.Zero;
                return items.Length;
            case string text:
                return Encoding.UTF8.GetBytes(text, new Span<byte>(to, Encoding.UTF8.GetByteCount(text)));
            default:
                throw new InvalidOperationException($"{owner.GetType()} cannot be an argument of an operator");
        }
    }
}
