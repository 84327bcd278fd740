namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>The operations that map each level of a channel to another, as PIL's <c>ImageOps</c> and <c>ImageEnhance</c> define them on 8-bit images. All work in place.</summary>
internal static class LevelOperations
{
    private const int Levels = 256;

    /// <summary>Keeps the high bits of each level.</summary>
    public static void Posterize(Span<byte> pixels, int bits)
    {
        Span<byte> table = stackalloc byte[Levels];
        int mask = ~((1 << (8 - bits)) - 1);
        for (int i = 0; i < Levels; i++) table[i] = (byte)(i & mask);
        Map(pixels, table);
    }

    /// <summary>Inverts the levels from a threshold on.</summary>
    public static void Solarize(Span<byte> pixels, double threshold)
    {
        Span<byte> table = stackalloc byte[Levels];
        for (int i = 0; i < Levels; i++) table[i] = (byte)(i < threshold ? i : 255 - i);
        Map(pixels, table);
    }

    /// <summary>Inverts all levels.</summary>
    public static void Invert(Span<byte> pixels) => Solarize(pixels, 0);

    /// <summary>Stretches a channel so that its darkest level becomes 0 and its brightest 255; leaves one of a single level alone.</summary>
    public static void AutoContrast(Span<byte> plane)
    {
        Span<int> histogram = stackalloc int[Levels];
        Count(plane, histogram);
        int low = histogram.IndexOfAnyExcept(0), high = histogram.LastIndexOfAnyExcept(0);
        if (high <= low) return;
        double scale = 255.0 / (high - low), offset = -low * scale;
        Span<byte> table = stackalloc byte[Levels];
        for (int i = 0; i < Levels; i++) table[i] = (byte)Math.Clamp((int)(i * scale + offset), 0, 255);
        Map(plane, table);
    }

    /// <summary>Spreads a channel's levels so that each is about as frequent; leaves a channel of a single level, or of too few pixels, alone.</summary>
    public static void Equalize(Span<byte> plane)
    {
        Span<int> histogram = stackalloc int[Levels];
        Count(plane, histogram);
        int low = histogram.IndexOfAnyExcept(0), high = histogram.LastIndexOfAnyExcept(0);
        if (high <= low) return;
        int step = (plane.Length - histogram[high]) / 255;
        if (step == 0) return;
        Span<byte> table = stackalloc byte[Levels];
        int sum = step / 2;
        for (int i = 0; i < Levels; i++)
        {
            table[i] = (byte)Math.Min(sum / step, 255);
            sum += histogram[i];
        }
        Map(plane, table);
    }

    /// <summary>Moves each level away from one grey level, or towards it: brightness from black, contrast from the image's mean.</summary>
    /// <param name="pixels">The pixels.</param>
    /// <param name="grey">The level at which nothing changes.</param>
    /// <param name="factor">1 changes nothing; 0 leaves only the grey.</param>
    public static void MoveFrom(Span<byte> pixels, int grey, float factor)
    {
        Span<byte> table = stackalloc byte[Levels];
        for (int i = 0; i < Levels; i++) table[i] = Blend(grey, i, factor);
        Map(pixels, table);
    }

    /// <summary>PIL's <c>Image.blend</c>: <c>from + factor · (to − from)</c> in float32, clipped, its fraction dropped.</summary>
    public static byte Blend(int from, int to, float factor)
    {
        float level = from + factor * (to - from);
        return level <= 0 ? (byte)0 : level >= 255 ? (byte)255 : (byte)level;
    }

    private static void Count(ReadOnlySpan<byte> plane, Span<int> histogram)
    {
        histogram.Clear();
        foreach (byte level in plane) histogram[level]++;
    }

    private static void Map(Span<byte> pixels, ReadOnlySpan<byte> table)
    {
        for (int i = 0; i < pixels.Length; i++) pixels[i] = table[pixels[i]];
    }
}
