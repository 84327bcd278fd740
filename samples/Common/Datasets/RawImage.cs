using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Makes ML.NET images from bare pixels.</summary>
internal static class RawImage
{
    /// <summary>From [3, height, width]: all red, all green, all blue values.</summary>
    public static MLImage FromPlanes(ReadOnlySpan<byte> planes, int width, int height)
    {
        int plane = width * height;
        byte[] pixels = new byte[4 * plane];
        for (int i = 0; i < plane; i++)
            (pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3]) = (planes[i], planes[plane + i], planes[2 * plane + i], 255);
        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
    }

    /// <summary>From [height, width] grey values.</summary>
    public static MLImage FromGrey(ReadOnlySpan<byte> grey, int width, int height)
    {
        byte[] pixels = new byte[4 * grey.Length];
        for (int i = 0; i < grey.Length; i++)
            (pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3]) = (grey[i], grey[i], grey[i], 255);
        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
    }
}
