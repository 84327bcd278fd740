using System.Collections.Concurrent;

namespace Microsoft.ML.Continual.Data;

/// <summary>The host half of image preparation: cuts boxes out of images, gathers them, and resizes them or lays out the resize weights. Safe to call from several threads.</summary>
/// <param name="size">The side S of the prepared images.</param>
/// <param name="resizesBytes">Whether images of bytes are resized here, for a backbone on the processor; otherwise the weights are laid out for the device.</param>
internal sealed class ImagePacker(int size, bool resizesBytes)
{
    // Images of one group are padded to its largest. A group may waste this much before another is opened.
    private const int WasteFactor = 2;
    private const long CheapGroupPixels = 1 << 20;
    private const long MaximumGroupPixels = 1 << 25;

    private const int MaximumCachedTaps = 8192;
    private const int MaximumCachedMatrices = 64;

    private readonly ConcurrentDictionary<AxisKey, ResampleTaps> _taps = new();
    private readonly ConcurrentDictionary<AxisKey, float[]> _matrices = new();

    /// <summary>Gathers images, each with its plan.</summary>
    public PackedImages Pack(IReadOnlyList<HostImage> images, IReadOnlyList<ViewPlan> plans)
    {
        var groups = new List<PackedGroup>();
        foreach (int[] positions in Group(images, plans)) groups.Add(PackGroup(images, plans, positions));
        return new PackedImages(images.Count, groups);
    }

    /// <summary>Splits a batch so that padding, where images are padded, stays cheap. One group where all boxes are of like size, which is the usual case.</summary>
    private IEnumerable<int[]> Group(IReadOnlyList<HostImage> images, IReadOnlyList<ViewPlan> plans)
    {
        var order = Enumerable.Range(0, images.Count)
            .OrderBy(i => images[i].IsFloat).ThenBy(i => (int)plans[i].Filter).ThenBy(i => plans[i].Height + plans[i].Width).ToArray();
        var group = new List<int>();
        long height = 0, width = 0, used = 0;
        foreach (int i in order)
        {
            ViewPlan plan = plans[i];
            long newHeight = Math.Max(height, plan.Height), newWidth = Math.Max(width, plan.Width), pixels = (long)plan.Height * plan.Width;
            long padded = newHeight * newWidth * (group.Count + 1);
            bool fits = group.Count == 0
                || images[group[0]].IsFloat == images[i].IsFloat && plans[group[0]].Filter == plan.Filter
                && (ResizesHere(images[i]) || padded <= MaximumGroupPixels && (padded <= CheapGroupPixels || padded <= WasteFactor * (used + pixels)));
            if (!fits)
            {
                yield return [.. group.Order()];   // a batch of one group keeps its order
                group.Clear();
                (newHeight, newWidth, used) = (plan.Height, plan.Width, 0);
            }
            group.Add(i);
            (height, width, used) = (newHeight, newWidth, used + pixels);
        }
        if (group.Count > 0) yield return [.. group.Order()];
    }

    private PackedGroup PackGroup(IReadOnlyList<HostImage> images, IReadOnlyList<ViewPlan> plans, int[] positions)
    {
        if (positions.All(i => plans[i].IsCopy))
        {
            (byte[]? copies, float[]? floatCopies) = Gather(images, positions, size, size, i => CopyBox(plans[i]));
            return new PackedGroup(positions, size, size, copies, floatCopies, null, null, false);
        }
        if (ResizesHere(images[positions[0]])) return new PackedGroup(positions, size, size, ResizeBytes(images, plans, positions), null, null, null, false);

        int height = positions.Max(i => plans[i].Height), width = positions.Max(i => plans[i].Width);
        // The weights mirror the image: no pixel needs to move for it.
        (byte[]? bytes, float[]? floats) = Gather(images, positions, height, width, i => (plans[i].Top, plans[i].Left, plans[i].Height, plans[i].Width, false));
        bool quantized = bytes is not null;
        float[] horizontal = Weights(positions, width, i => (Columns(plans[i], quantized), plans[i].Mirrored));
        float[] vertical = Weights(positions, height, i => (Rows(plans[i], quantized), false));
        return new PackedGroup(positions, height, width, bytes, floats, horizontal, vertical, plans[positions[0]].Filter == ResizeFilter.Bicubic);
    }

    private bool ResizesHere(HostImage image) => resizesBytes && !image.IsFloat;

    private AxisKey Columns(ViewPlan plan, bool quantized) => new(plan.Width, plan.ResizedWidth, plan.WindowLeft, size, plan.Filter, quantized);

    private AxisKey Rows(ViewPlan plan, bool quantized) => new(plan.Height, plan.ResizedHeight, plan.WindowTop, size, plan.Filter, quantized);

    /// <summary>[n, S, 3, S], resized.</summary>
    private byte[] ResizeBytes(IReadOnlyList<HostImage> images, IReadOnlyList<ViewPlan> plans, int[] positions)
    {
        byte[] target = GC.AllocateUninitializedArray<byte>(checked(positions.Length * size * 3 * size)), scratch = [];
        for (int k = 0; k < positions.Length; k++)
        {
            HostImage image = images[positions[k]];
            ViewPlan plan = plans[positions[k]];
            ResampleTaps columns = TapsOf(Columns(plan, true)), rows = TapsOf(Rows(plan, true));
            for (int c = 0; c < 3; c++)
            {
                ReadOnlySpan<byte> box = image.Bytes.AsSpan((c * image.Height + plan.Top) * image.Width + plan.Left);
                ByteResampler.Resize(box, image.Width, columns, rows, plan.Mirrored, target.AsSpan((k * size * 3 + c) * size), 3 * size, ref scratch);
            }
        }
        return target;
    }

    private (int Top, int Left, int Height, int Width, bool Mirrored) CopyBox(ViewPlan plan) =>
        (plan.Top + plan.WindowTop, plan.Left + plan.WindowLeft, size, size, plan.Mirrored);

    private static (byte[]? Bytes, float[]? Floats) Gather(
        IReadOnlyList<HostImage> images, int[] positions, int height, int width, Func<int, (int Top, int Left, int Height, int Width, bool Mirrored)> box)
    {
        int length = checked(positions.Length * 3 * height * width);
        if (images[positions[0]].IsFloat)
        {
            float[] floats = new float[length];   // zeros: whatever the padding held would be multiplied by 0, and NaN · 0 is NaN
            for (int k = 0; k < positions.Length; k++) Copy(images[positions[k]], images[positions[k]].Floats!, floats, k, height, width, box(positions[k]));
            return (null, floats);
        }
        byte[] bytes = GC.AllocateUninitializedArray<byte>(length);
        for (int k = 0; k < positions.Length; k++) Copy(images[positions[k]], images[positions[k]].Bytes!, bytes, k, height, width, box(positions[k]));
        return (bytes, null);
    }

    private static void Copy<T>(
        HostImage image, T[] source, T[] target, int slot, int height, int width, (int Top, int Left, int Height, int Width, bool Mirrored) box)
    {
        for (int c = 0; c < 3; c++)
        {
            for (int y = 0; y < box.Height; y++)
            {
                ReadOnlySpan<T> from = source.AsSpan((c * image.Height + box.Top + y) * image.Width + box.Left, box.Width);
                Span<T> to = target.AsSpan(((slot * height + y) * 3 + c) * width, box.Width);   // [3, h, w] -> [H, 3, W]
                from.CopyTo(to);
                if (box.Mirrored) to.Reverse();
            }
        }
    }

    /// <summary>[n, S, stride], or [1, S, stride] when every image has the same weights.</summary>
    private float[] Weights(int[] positions, int stride, Func<int, (AxisKey Axis, bool Mirrored)> axis)
    {
        (AxisKey first, bool firstMirrored) = axis(positions[0]);
        if (!firstMirrored && positions.All(i => axis(i) == (first, false))) return SharedMatrix(first);   // stride is then the input size

        float[] weights = new float[checked(positions.Length * size * stride)];
        for (int k = 0; k < positions.Length; k++)
        {
            (AxisKey key, bool mirrored) = axis(positions[k]);
            TapsOf(key).Fill(weights.AsSpan(k * size * stride, size * stride), stride, mirrored);
        }
        return weights;
    }

    private float[] SharedMatrix(AxisKey key)
    {
        if (_matrices.TryGetValue(key, out float[]? matrix)) return matrix;
        matrix = new float[checked(key.Count * key.Input)];
        TapsOf(key).Fill(matrix, key.Input, false);
        if (_matrices.Count >= MaximumCachedMatrices) _matrices.Clear();
        return _matrices.GetOrAdd(key, matrix);
    }

    private ResampleTaps TapsOf(AxisKey key)
    {
        if (_taps.Count >= MaximumCachedTaps) _taps.Clear();   // photographs of every size: start over rather than grow for ever
        return _taps.GetOrAdd(key, static k => new ResampleTaps(k));
    }
}
