using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

public static partial class torch
{
    private static ScalarType default_dtype = ScalarType.Float32;

    public static ScalarType get_default_dtype() => default_dtype;

    public static void set_default_dtype(ScalarType dtype) => default_dtype = is_floating_point(dtype)
        ? dtype : throw new ArgumentException($"{dtype} is not a floating-point type", nameof(dtype));

    /// <summary>The device of a new tensor, and the place where names of dimensions are refused.</summary>
    private static Device Place(Device? device, string[]? names = null)
    {
        if (names is { Length: > 0 }) throw new NotSupportedException("The offline stand-in for TorchSharp has no named dimensions.");
        return device is null ? CPU : InitializeDevice(device);
    }

    private static Tensor Made(Tensor tensor, bool requires_grad)
    {
        if (requires_grad) tensor.requires_grad = true;
        return tensor;
    }

    // ---- sequences ----

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(0, stop, 1, dtype ?? (stop.Cell.Tag == Tag.Int ? ScalarType.Int64 : default_dtype), device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(start, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Aten.arange_start_step.Call(start, stop, step,
            dtype ?? (start.Cell.Tag == Tag.Int && stop.Cell.Tag == Tag.Int && step.Cell.Tag == Tag.Int ? ScalarType.Int64 : default_dtype),
            Arg.None, Place(device)), requires_grad);

    public static Tensor linspace(double start, double end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Aten.linspace.Call(start, end, steps, dtype ?? default_dtype, Arg.None, Place(device)), requires_grad);

    public static Tensor logspace(double start, double end, long steps, double @base = 10, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Aten.logspace.Call(start, end, steps, @base, dtype ?? default_dtype, Arg.None, Place(device)), requires_grad);

    public static Tensor eye(long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Aten.eye_m.Call(rows, columns < 0 ? rows : columns, dtype ?? default_dtype, Arg.None, Place(device, names)), requires_grad);

    // ---- random ----

    public static Tensor randint(long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randint(0L, high, size, dtype, device, requires_grad, generator, names);

    public static Tensor randint(int high, int[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randint(0L, high, Array.ConvertAll(size, i => (long)i), dtype, device, requires_grad, generator, names);

    public static Tensor randint(int low, int high, int[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randint((long)low, high, Array.ConvertAll(size, i => (long)i), dtype, device, requires_grad, generator, names);

    public static Tensor randint(long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null
            ? Aten.randint_low.Call(low, high, size, dtype ?? ScalarType.Int64, Arg.None, Place(device, names))
            : Aten.randint_low_generator.Call(low, high, size, generator, dtype ?? ScalarType.Int64, Arg.None, Place(device, names)), requires_grad);

    public static Tensor randint(long high, Size size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randint(0L, high, size.Shape, dtype, device, requires_grad, generator, names);

    public static Tensor randint(long low, long high, Size size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randint(low, high, size.Shape, dtype, device, requires_grad, generator, names);

    public static Tensor randint_like(Tensor input, long low, long high, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Aten.randint_like_low_dtype.Call(input, low, high, dtype, Arg.None, device is null ? Arg.None : Place(device)), requires_grad);

    public static Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        Made(generator is null
            ? Aten.randperm.Call(n, dtype ?? ScalarType.Int64, Arg.None, Place(device))
            : Aten.randperm_generator.Call(n, generator, dtype ?? ScalarType.Int64, Arg.None, Place(device)), requires_grad);

    public static Tensor randperm(long n, Tensor @out, Generator? generator = null) => generator is null
        ? Aten.randperm_out.CallInto(@out, n) : Aten.randperm_generator_out.CallInto(@out, n, generator);

    public static Tensor normal(double mean, double std, ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(Aten.normal_float_float.Call(mean, std, size.ToArray(), generator, dtype ?? default_dtype, Arg.None, Place(device, names)), requires_grad);

    public static Tensor normal(Tensor mean, Tensor std, Generator? generator = null) => Aten.normal_Tensor_Tensor.Call(mean, std, generator);

    // ---- like another tensor ----

    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Like(Aten.zeros_like, input, dtype, device, requires_grad, names);

    public static Tensor ones_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Like(Aten.ones_like, input, dtype, device, requires_grad, names);

    public static Tensor empty_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) => Like(Aten.empty_like, input, dtype, device, requires_grad, names);

    public static Tensor rand_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Like(Aten.rand_like, input, dtype, device, requires_grad, null);

    public static Tensor randn_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Like(Aten.randn_like, input, dtype, device, requires_grad, null);

    public static Tensor full_like(Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Aten.full_like.Call(input, value, dtype, Arg.None, device is null ? Arg.None : Place(device, names)), requires_grad);

    private static Tensor Like(Op op, Tensor input, ScalarType? dtype, Device? device, bool requires_grad, string[]? names) =>
        Made(op.Call(input, dtype, Arg.None, device is null ? Arg.None : Place(device, names)), requires_grad);

    // ---- from managed memory ----

    private static unsafe Tensor Copied<T>(ReadOnlySpan<T> items, ScalarType type, ReadOnlySpan<long> dimensions, ScalarType? dtype, Device? device, bool requires_grad, string[]? names) where T : unmanaged
    {
        Device place = Place(device, names);
        long[] shape = dimensions.ToArray();
        if (shape.TotalSize() != items.Length)
            throw new ArgumentException($"mismatched total size creating a tensor from an array: {items.Length} elements for the shape [{string.Join(", ", shape)}]");
        Tensor tensor = empty(shape, type);
        tensor.CopyIn(items);
        if ((dtype is { } wanted && wanted != type) || place.type != DeviceType.CPU)
            using (Tensor first = tensor) tensor = first.to(dtype ?? type, place);
        return Made(tensor, requires_grad);
    }

    private static Tensor Copied<T>(Array array, ScalarType type, ScalarType? dtype, Device? device, bool requires_grad, string[]? names) where T : unmanaged =>
        Copied(Flat<T>(array), type, Shape(array), dtype, device, requires_grad, names);

    private static ReadOnlySpan<T> Items<T>(IList<T> list) => list switch
    {
        T[] array => array,
        List<T> items => CollectionsMarshal.AsSpan(items),
        _ => list.ToArray(),
    };

    private static ReadOnlySpan<T> Flat<T>(Array array) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);

    private static long[] Shape(Array array)
    {
        var shape = new long[array.Rank];
        for (int i = 0; i < shape.Length; i++) shape[i] = array.GetLongLength(i);
        return shape;
    }

    private static ScalarType TypeOf(Array array) => array.GetType().GetElementType() switch
    {
        { } t when t == typeof(byte) => ScalarType.Byte,
        { } t when t == typeof(sbyte) => ScalarType.Int8,
        { } t when t == typeof(short) => ScalarType.Int16,
        { } t when t == typeof(int) => ScalarType.Int32,
        { } t when t == typeof(long) => ScalarType.Int64,
        { } t when t == typeof(Half) => ScalarType.Float16,
        { } t when t == typeof(float) => ScalarType.Float32,
        { } t when t == typeof(double) => ScalarType.Float64,
        { } t when t == typeof(bool) => ScalarType.Bool,
        var t => throw new ArgumentException($"an array of {t} has no tensor type"),
    };

    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    /// <summary>A tensor over the array's own memory, unless another type or device forces a copy.</summary>
    public static unsafe Tensor from_array(Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        Device place = Place(device, names);
        ScalarType type = TypeOf(rawArray);
        if (rawArray.Length == 0) return Made(empty(Shape(rawArray), dtype ?? type, place), requires_grad);
        long[] shape = Shape(rawArray);
        Loader.Ensure();
        var pin = GCHandle.Alloc(rawArray, GCHandleType.Pinned);
        Tensor tensor;
        fixed (long* sizes = shape)
        {
            IntPtr handle = Shim.ct_from_blob((void*)pin.AddrOfPinnedObject(), (int)type, sizes, shape.Length, &Unpin, GCHandle.ToIntPtr(pin));
            if (handle == IntPtr.Zero)
            {
                pin.Free();
                throw Shim.Error();
            }
            tensor = Tensor.Own(handle);
        }
        if ((dtype is { } wanted && wanted != type) || place.type != DeviceType.CPU)
            using (Tensor first = tensor) tensor = first.to(dtype ?? type, place);
        return Made(tensor, requires_grad);
    }

    // libtorch calls this, on any thread, when the last tensor over the memory is gone.
    [UnmanagedCallersOnly]
    private static void Unpin(IntPtr pin) => GCHandle.FromIntPtr(pin).Free();

    public static Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        using var scope = NewDisposeScope();
        Tensor all = from_array(rawArray).flatten();
        Tensor part = all.narrow(0, offset, count < 0 ? all.numel() - offset : count);
        return Made(part.to_type(dtype), requires_grad).MoveToOuterDisposeScope();
    }

    public static Tensor as_tensor(Tensor data, ScalarType? dtype = null, Device? device = null) => data.to(dtype ?? data.dtype, device ?? data.device);
    public static Tensor as_tensor(Array data, ScalarType? dtype = null, Device? device = null) => from_array(data, dtype, device);
    public static Tensor as_tensor(byte[] rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray, dtype, device);
    public static Tensor as_tensor(sbyte[] rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray, dtype, device);
    public static Tensor as_tensor(short[] rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray, dtype, device);
    public static Tensor as_tensor(bool[] rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray, dtype, device);
    public static Tensor as_tensor(IList<byte> rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray as byte[] ?? [.. rawArray], dtype, device);
    public static Tensor as_tensor(IList<sbyte> rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray as sbyte[] ?? [.. rawArray], dtype, device);
    public static Tensor as_tensor(IList<short> rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray as short[] ?? [.. rawArray], dtype, device);
    public static Tensor as_tensor(IList<int> rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray as int[] ?? [.. rawArray], dtype, device);
    public static Tensor as_tensor(IList<long> rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray as long[] ?? [.. rawArray], dtype, device);
    public static Tensor as_tensor(IList<float> rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray as float[] ?? [.. rawArray], dtype, device);
    public static Tensor as_tensor(IList<double> rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray as double[] ?? [.. rawArray], dtype, device);
    public static Tensor as_tensor(IList<bool> rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray as bool[] ?? [.. rawArray], dtype, device);
    public static Tensor as_tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray, dtype, device);
    public static Tensor as_tensor(double[] rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray, dtype, device);
    public static Tensor as_tensor(int[] rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray, dtype, device);
    public static Tensor as_tensor(long[] rawArray, ScalarType? dtype = null, Device? device = null) => from_array(rawArray, dtype, device);
}
