namespace Microsoft.ML.Images;

/// <summary>Alpha, on bytes.</summary>
internal static class PixelMath
{
    public static byte Premultiply(byte colour, byte alpha) => alpha == 255 ? colour : (byte)(((colour * alpha) + 127) / 255);

    public static byte Unpremultiply(byte colour, byte alpha) =>
        alpha is 255 or 0 ? colour : (byte)Math.Min(255, ((colour * 255) + (alpha / 2)) / alpha);

    public static void PremultiplyAll(Span<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i += 4)
        {
            byte alpha = pixels[i + 3];
            if (alpha == 255)
                continue;
            pixels[i] = Premultiply(pixels[i], alpha);
            pixels[i + 1] = Premultiply(pixels[i + 1], alpha);
            pixels[i + 2] = Premultiply(pixels[i + 2], alpha);
        }
    }

    /// <summary>Changes between Rgba32 and Bgra32 in place.</summary>
    public static void SwapRedAndBlue(Span<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i += 4)
            (pixels[i], pixels[i + 2]) = (pixels[i + 2], pixels[i]);
    }
}
