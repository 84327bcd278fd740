using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>How many bytes tensors take.</summary>
internal static class TensorBytes
{
    /// <summary>The most sizes that libtorch takes in every operation.</summary>
    public const int MaximumRank = 64;

    /// <summary>Elements times element size; null where a size is negative, the sizes overflow, or there are more of them than libtorch takes.</summary>
    public static long? Count(IReadOnlyList<long> shape, int elementSize)
    {
        if (shape.Count > MaximumRank) return null;
        bool none = false;
        UInt128 bytes = (UInt128)elementSize;
        foreach (long size in shape)
        {
            if (size < 0) return null;
            none |= size == 0;
            // A size of 0 makes the number 0, but the others must still be such that their strides fit.
            bytes *= (UInt128)Math.Max(size, 1);
            if (bytes > long.MaxValue) return null;
        }
        return none ? 0 : (long)bytes;
    }

    /// <summary>A shape for messages: <c>[2, 3]</c>, cut after the first few sizes.</summary>
    public static string Text(IReadOnlyList<long> shape) => shape.Count <= 8 ? $"[{string.Join(", ", shape)}]" : $"[{string.Join(", ", shape.Take(8))}, … {shape.Count} sizes]";

    /// <summary>The size of one element.</summary>
    public static int Size(ScalarType type) => SafetensorsTypes.Describe(type)?.Size ?? throw new ArgumentOutOfRangeException(nameof(type), type, null);

    /// <summary>Turns the bytes of every element round: between big- and little-endian.</summary>
    public static void Reverse(Span<byte> bytes, int elementSize)
    {
        if (elementSize == 1) return;
        for (int i = 0; i < bytes.Length; i += elementSize) bytes.Slice(i, elementSize).Reverse();
    }
}
