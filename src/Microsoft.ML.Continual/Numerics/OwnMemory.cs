using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Numerics;

/// <summary>Brings tensors over managed arrays into libtorch's own memory before anything is computed with them.</summary>
/// <remarks>
/// TorchSharp's <c>from_array</c> and <c>tensor</c> may leave the numbers where the garbage collector put the array. Vectorised products (MKL's) round differently for differently aligned
/// operands, so that equal runs would differ in the last bits. libtorch aligns its own memory always alike.
/// </remarks>
internal static class OwnMemory
{
    /// <summary>A copy in libtorch's memory, in the caller's dispose scope.</summary>
    public static Tensor Copy(Tensor overArray) => overArray.clone();
}
