using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>A tensor's facts, as the shim fills them in (<c>CtMeta</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Meta
{
    public int Rank, DType, DeviceType, DeviceIndex, RequiresGrad, IsLeaf, IsContiguous, IsSparse;
    public long Count, ElementSize, StorageOffset;
    public void* Data;
}

/// <summary>Switches of the library (<c>CtSetting</c>).</summary>
internal enum Setting
{
    Tf32Matmul = 0, Tf32Cudnn, Deterministic, DeterministicWarnOnly, FlashAttention, MathAttention,
}

/// <summary>The functions of continual_torch.h, line by line.</summary>
internal static unsafe partial class Shim
{
    internal const string Library = "continual_torch";
    internal const int Abi = 3;

    static Shim() => Loader.Register();

    [LibraryImport(Library)] internal static partial int ct_initialize();
    [LibraryImport(Library)] internal static partial byte* ct_version();
    [LibraryImport(Library)] internal static partial byte* ct_last_error();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void* ct_op(string name, string overload);
    [LibraryImport(Library)] internal static partial int ct_call(void* op, Cell* arguments, int count, Cell* results, int capacity);
    [LibraryImport(Library)] internal static partial void ct_free_list(void* list);

    [LibraryImport(Library)] internal static partial void ct_free(IntPtr tensor);
    [LibraryImport(Library)] internal static partial IntPtr ct_share(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int ct_meta(IntPtr tensor, Meta* meta, long* sizes, long* strides, int capacity);
    [LibraryImport(Library)] internal static partial int ct_item(IntPtr tensor, Cell* value);
    [LibraryImport(Library)] internal static partial IntPtr ct_from_blob(void* data, int dtype, long* sizes, int rank, delegate* unmanaged<IntPtr, void> release, IntPtr context);
    [LibraryImport(Library)] internal static partial int ct_copy_out(IntPtr tensor, void* destination, long bytes);
    [LibraryImport(Library)] internal static partial int ct_copy_in(IntPtr tensor, void* source, long bytes);

    [LibraryImport(Library)] internal static partial int ct_set_requires_grad(IntPtr tensor, int value);
    [LibraryImport(Library)] internal static partial int ct_retain_grad(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int ct_grad(IntPtr tensor, IntPtr* gradient);
    [LibraryImport(Library)] internal static partial int ct_set_grad(IntPtr tensor, IntPtr gradient);
    [LibraryImport(Library)] internal static partial int ct_backward(IntPtr* tensors, IntPtr* gradients, int count, IntPtr* inputs, int inputCount, int retain, int create);
    [LibraryImport(Library)] internal static partial int ct_gradients(IntPtr* outputs, IntPtr* gradients, int count, IntPtr* inputs, int inputCount, int retain, int create, int allowUnused, IntPtr* results);
    [LibraryImport(Library)] internal static partial int ct_grad_mode(int value);
    [LibraryImport(Library)] internal static partial int ct_inference_mode();
    [LibraryImport(Library)] internal static partial IntPtr ct_inference_enter(int value);
    [LibraryImport(Library)] internal static partial void ct_inference_leave(IntPtr guard);

    [LibraryImport(Library)] internal static partial int ct_manual_seed(long seed);
    [LibraryImport(Library)] internal static partial IntPtr ct_generator_new(long device, ulong seed);
    [LibraryImport(Library)] internal static partial IntPtr ct_generator_default(long device);
    [LibraryImport(Library)] internal static partial void ct_generator_free(IntPtr generator);
    [LibraryImport(Library)] internal static partial int ct_generator_seed(IntPtr generator, long seed);
    [LibraryImport(Library)] internal static partial ulong ct_generator_initial_seed(IntPtr generator);
    [LibraryImport(Library)] internal static partial ulong ct_generator_reseed(IntPtr generator);
    [LibraryImport(Library)] internal static partial IntPtr ct_generator_state(IntPtr generator);
    [LibraryImport(Library)] internal static partial int ct_generator_set_state(IntPtr generator, IntPtr state);

    [LibraryImport(Library)] internal static partial int ct_threads(int count);
    [LibraryImport(Library)] internal static partial int ct_interop_threads(int count);
    [LibraryImport(Library)] internal static partial int ct_cuda_devices();
    [LibraryImport(Library)] internal static partial int ct_cuda_cudnn();
    [LibraryImport(Library)] internal static partial int ct_cuda_synchronize(int device);
    [LibraryImport(Library)] internal static partial int ct_cuda_seed(long seed, int all);
    [LibraryImport(Library)] internal static partial int ct_setting(Setting which, int value);

    /// <summary>The exception for the error that the calling thread's last native call left.</summary>
    internal static ExternalException Error() => new(Marshal.PtrToStringUTF8((IntPtr)ct_last_error()) ?? "unknown native error");

    internal static void Check(int status)
    {
        if (status < 0) throw Error();
    }

    internal static IntPtr Check(IntPtr handle) => handle != IntPtr.Zero ? handle : throw Error();
}
