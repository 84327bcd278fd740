using System.Numerics;

namespace Microsoft.ML.Continual.Data;

/// <summary>
/// PIL's resize of 8-bit images in whole numbers, a few neighbouring pixels at a time: what a processor does best. A device multiplies by
/// the same weights as matrices (<see cref="ImagePreparer"/>); both give the same levels.
/// </summary>
internal static class ByteResampler
{
    /// <summary>Resizes a box of one plane.</summary>
    /// <param name="plane">The plane's pixels from the box's first on.</param>
    /// <param name="stride">The pixels from one row of the plane to the next.</param>
    /// <param name="horizontal">The weights of the columns.</param>
    /// <param name="vertical">The weights of the rows.</param>
    /// <param name="mirrored">Whether left and right change places.</param>
    /// <param name="target">Where the result's first pixel goes.</param>
    /// <param name="targetStride">The pixels from one row of the target to the next.</param>
    /// <param name="scratch">Memory that is kept from call to call.</param>
    public static void Resize(
        ReadOnlySpan<byte> plane, int stride, ResampleTaps horizontal, ResampleTaps vertical, bool mirrored, Span<byte> target, int targetStride, ref byte[] scratch)
    {
        int width = horizontal.Count, firstRow = vertical.FirstInput, rows = vertical.EndInput - firstRow;
        if (scratch.Length < rows * width) scratch = GC.AllocateUninitializedArray<byte>(rows * width);
        for (int y = 0; y < rows; y++) Columns(plane[((firstRow + y) * stride)..], horizontal, mirrored, scratch.AsSpan(y * width, width));
        for (int y = 0; y < vertical.Count; y++)
        {
            ReadOnlySpan<int> weights = vertical.FixedPoint(y, out int first);
            Row(scratch.AsSpan((first - firstRow) * width), width, weights, target.Slice(y * targetStride, width));
        }
    }

    private static void Columns(ReadOnlySpan<byte> source, ResampleTaps taps, bool mirrored, Span<byte> target)
    {
        for (int x = 0; x < target.Length; x++)
        {
            ReadOnlySpan<int> weights = taps.FixedPoint(x, out int first);
            ReadOnlySpan<byte> pixels = source.Slice(first, weights.Length);
            int sum = ResampleTaps.FixedPointHalf;
            for (int i = 0; i < weights.Length; i++) sum += pixels[i] * weights[i];
            target[mirrored ? target.Length - 1 - x : x] = ToLevel(sum);
        }
    }

    /// <summary>A row of the target from as many rows of the source as there are weights.</summary>
    private static void Row(ReadOnlySpan<byte> source, int stride, ReadOnlySpan<int> weights, Span<byte> target)
    {
        int x = 0;
        Vector<int> half = new(ResampleTaps.FixedPointHalf), largest = new(255);
        for (; x <= target.Length - Vector<byte>.Count; x += Vector<byte>.Count)
        {
            Vector<int> a = half, b = half, c = half, d = half;
            for (int i = 0; i < weights.Length; i++)
            {
                var weight = new Vector<int>(weights[i]);
                Vector.Widen(new Vector<byte>(source[(i * stride + x)..]), out Vector<ushort> low, out Vector<ushort> high);
                Vector.Widen(low, out Vector<uint> p, out Vector<uint> q);
                Vector.Widen(high, out Vector<uint> r, out Vector<uint> s);
                a += Vector.AsVectorInt32(p) * weight;
                b += Vector.AsVectorInt32(q) * weight;
                c += Vector.AsVectorInt32(r) * weight;
                d += Vector.AsVectorInt32(s) * weight;
            }
            Vector.Narrow(Vector.Narrow(Levels(a), Levels(b)), Vector.Narrow(Levels(c), Levels(d))).CopyTo(target[x..]);
        }
        for (; x < target.Length; x++)
        {
            int sum = ResampleTaps.FixedPointHalf;
            for (int i = 0; i < weights.Length; i++) sum += source[i * stride + x] * weights[i];
            target[x] = ToLevel(sum);
        }

        Vector<uint> Levels(Vector<int> sums) =>
            Vector.AsVectorUInt32(Vector.Min(Vector.Max(Vector.ShiftRightArithmetic(sums, ResampleTaps.FixedPointBits), Vector<int>.Zero), largest));
    }

    private static byte ToLevel(int sum) => (byte)Math.Clamp(sum >> ResampleTaps.FixedPointBits, 0, 255);
}
