using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Images;

/// <summary>
/// Resizes to ML.NET's geometry. Fill takes the nearest pixel, as ML.NET does; with a kept aspect ratio the filter is a triangle that widens when
/// shrinking, where ML.NET's is a cubic: pixels are close, not equal.
/// </summary>
internal static class ImageResizer
{
    public static MLImage Resize(MLImage source, int width, int height, ImageResizingEstimator.ResizingKind kind, ImageResizingEstimator.Anchor anchor)
    {
        if (kind == ImageResizingEstimator.ResizingKind.Fill)
            return Nearest(source, width, height);
        float byWidth = (float)width / source.Width;
        float byHeight = (float)height / source.Height;
        bool pad = kind == ImageResizingEstimator.ResizingKind.IsoPad;
        float scale = pad ? Math.Min(byWidth, byHeight) : Math.Max(byWidth, byHeight);
        float slackX = width - (source.Width * scale);
        float slackY = height - (source.Height * scale);
        // The side that does not fit exactly is placed; only the anchors of that side count when cropping.
        bool slackOnX = pad ? byHeight < byWidth : byHeight >= byWidth;
        int x = slackOnX ? Place(slackX, pad, anchor, ImageResizingEstimator.Anchor.Left, ImageResizingEstimator.Anchor.Right) : 0;
        int y = slackOnX ? 0 : Place(slackY, pad, anchor, ImageResizingEstimator.Anchor.Top, ImageResizingEstimator.Anchor.Bottom);
        return Draw(source, width, height, x, y, (int)(source.Width * scale), (int)(source.Height * scale));
    }

    private static int Place(float slack, bool pad, ImageResizingEstimator.Anchor anchor, ImageResizingEstimator.Anchor start, ImageResizingEstimator.Anchor end) =>
        !pad && anchor == start ? 0 : !pad && anchor == end ? (int)slack : (int)(slack / 2);

    private static MLImage Nearest(MLImage source, int width, int height)
    {
        ReadOnlySpan<byte> from = source.Pixels;
        var to = new byte[width * height * 4];
        for (int y = 0; y < height; y++)
        {
            int fromY = Math.Min(source.Height - 1, (int)((y + 0.5) * source.Height / height));
            for (int x = 0; x < width; x++)
            {
                int fromX = Math.Min(source.Width - 1, (int)((x + 0.5) * source.Width / width));
                from.Slice(((fromY * source.Width) + fromX) * 4, 4).CopyTo(to.AsSpan(((y * width) + x) * 4));
            }
        }
        return new MLImage(width, height, source.PixelFormat, to);
    }

    /// <summary>Draws the whole source into a rectangle of a black, opaque image; what falls outside is cut off.</summary>
    private static MLImage Draw(MLImage source, int width, int height, int left, int top, int drawnWidth, int drawnHeight)
    {
        (int First, float[] Weights)[] columns = Filter(source.Width, drawnWidth, left, width);
        (int First, float[] Weights)[] rows = Filter(source.Height, drawnHeight, top, height);
        ReadOnlySpan<byte> from = source.Pixels;
        // Across first: source height × width × 4, then down.
        var across = new float[source.Height * width * 4];
        for (int y = 0; y < source.Height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (int first, float[] weights) = columns[x];
                Span<float> sum = across.AsSpan(((y * width) + x) * 4, 4);
                for (int k = 0; k < weights.Length; k++)
                {
                    for (int c = 0; c < 4; c++)
                        sum[c] += weights[k] * from[(((y * source.Width) + first + k) * 4) + c];
                }
            }
        }
        var to = new byte[width * height * 4];
        Span<float> pixel = stackalloc float[4];
        for (int y = 0; y < height; y++)
        {
            (int first, float[] weights) = rows[y];
            for (int x = 0; x < width; x++)
            {
                pixel.Clear();
                for (int k = 0; k < weights.Length; k++)
                {
                    for (int c = 0; c < 4; c++)
                        pixel[c] += weights[k] * across[((((first + k) * width) + x) * 4) + c];
                }
                for (int c = 0; c < 3; c++)
                    to[(((y * width) + x) * 4) + c] = (byte)Math.Clamp(MathF.Round(pixel[c]), 0, 255);
                to[(((y * width) + x) * 4) + 3] = 255;
            }
        }
        return new MLImage(width, height, source.PixelFormat, to);
    }

    /// <summary>For each target position the source range and its weights; no weights outside the drawn range.</summary>
    private static (int First, float[] Weights)[] Filter(int sourceSize, int drawnSize, int offset, int targetSize)
    {
        double step = (double)sourceSize / drawnSize;
        double radius = Math.Max(1, step);
        return [.. Enumerable.Range(0, targetSize).Select(target =>
        {
            if (target < offset || target >= offset + drawnSize)
                return (0, Array.Empty<float>());
            double centre = (target - offset + 0.5) * step;
            int first = Math.Max(0, (int)Math.Floor(centre - radius));
            int last = Math.Min(sourceSize, (int)Math.Ceiling(centre + radius));
            double[] weights = [.. Enumerable.Range(first, last - first).Select(i => Math.Max(0, 1 - (Math.Abs(i + 0.5 - centre) / radius)))];
            double sum = weights.Sum();
            return (first, weights.Select(weight => (float)(weight / sum)).ToArray());
        })];
    }
}
