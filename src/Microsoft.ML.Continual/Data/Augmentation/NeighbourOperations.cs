namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>The enhancements that look at other channels or pixels than the one they change, as PIL's <c>ImageEnhance</c> defines them on 8-bit images of three planes.</summary>
internal static class NeighbourOperations
{
    /// <summary>Moves each pixel away from its own grey level, or towards it; in place.</summary>
    /// <param name="pixels">[3, H, W].</param>
    /// <param name="factor">1 changes nothing; 0 leaves grey.</param>
    public static void Saturate(Span<byte> pixels, float factor)
    {
        int plane = pixels.Length / 3;
        Span<byte> red = pixels[..plane], green = pixels.Slice(plane, plane), blue = pixels.Slice(2 * plane, plane);
        for (int i = 0; i < plane; i++)
        {
            int grey = Grey(red[i], green[i], blue[i]);
            red[i] = LevelOperations.Blend(grey, red[i], factor);
            green[i] = LevelOperations.Blend(grey, green[i], factor);
            blue[i] = LevelOperations.Blend(grey, blue[i], factor);
        }
    }

    /// <summary>The mean grey level of [3, H, W], rounded half up.</summary>
    public static int MeanGrey(ReadOnlySpan<byte> pixels)
    {
        int plane = pixels.Length / 3;
        ReadOnlySpan<byte> red = pixels[..plane], green = pixels.Slice(plane, plane), blue = pixels.Slice(2 * plane, plane);
        long sum = 0;
        for (int i = 0; i < plane; i++) sum += Grey(red[i], green[i], blue[i]);
        return (int)((double)sum / plane + 0.5);
    }

    /// <summary>Moves the pixels of a plane away from the smoothed plane, or towards it. Pixels at the border stay as they are.</summary>
    /// <param name="source">[H, W].</param>
    /// <param name="width">W.</param>
    /// <param name="factor">1 changes nothing; 0 leaves the smoothed plane.</param>
    /// <param name="target">[H, W], other memory.</param>
    public static void Sharpen(ReadOnlySpan<byte> source, int width, float factor, Span<byte> target)
    {
        source.CopyTo(target);
        int height = source.Length / width;
        for (int y = 1; y < height - 1; y++)
        {
            ReadOnlySpan<byte> above = source.Slice((y - 1) * width, width), row = source.Slice(y * width, width), below = source.Slice((y + 1) * width, width);
            Span<byte> to = target.Slice(y * width, width);
            for (int x = 1; x < width - 1; x++)
            {
                // The kernel is 5 in the middle and 1 around it, over 13, of which no sum is halfway between two levels: PIL's float32 rounds as whole numbers do.
                int sum = above[x - 1] + above[x] + above[x + 1] + row[x - 1] + 5 * row[x] + row[x + 1] + below[x - 1] + below[x] + below[x + 1];
                to[x] = LevelOperations.Blend((sum + 6) / 13, row[x], factor);
            }
        }
    }

    /// <summary>PIL's conversion to the mode L: 0.299, 0.587 and 0.114 in units of 2⁻¹⁶.</summary>
    private static int Grey(int red, int green, int blue) => (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
