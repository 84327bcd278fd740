using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.ML.Data;

namespace Microsoft.ML.Images;

/// <summary>Writes 8-bit RGB, or RGBA where a pixel is not opaque.</summary>
internal static class PngEncoder
{
    public static byte[] Encode(int width, int height, MLPixelFormat format, byte[] pixels)
    {
        bool opaque = true;
        for (int i = 3; i < pixels.Length && opaque; i += 4)
            opaque = pixels[i] == 255;
        var file = new MemoryStream();
        file.Write(PngChunks.Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = (byte)(opaque ? 2 : 6);
        header[10..].Clear();
        PngChunks.Write(file, "IHDR", header);
        PngChunks.Write(file, "IDAT", Compress(width, height, format, pixels, opaque ? 3 : 4));
        PngChunks.Write(file, "IEND", []);
        return file.ToArray();
    }

    private static byte[] Compress(int width, int height, MLPixelFormat format, byte[] pixels, int channels)
    {
        (int red, int blue) = format == MLPixelFormat.Rgba32 ? (0, 2) : (2, 0);
        var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
        {
            // Filter 1 (Sub): each byte minus the one of the pixel to its left.
            var row = new byte[1 + (width * channels)];
            row[0] = 1;
            var colour = new byte[4];
            var left = new byte[4];
            for (int y = 0, from = 0; y < height; y++)
            {
                left.AsSpan().Clear();
                for (int x = 0, to = 1; x < width; x++, from += 4)
                {
                    byte alpha = pixels[from + 3];
                    colour[0] = PixelMath.Unpremultiply(pixels[from + red], alpha);
                    colour[1] = PixelMath.Unpremultiply(pixels[from + 1], alpha);
                    colour[2] = PixelMath.Unpremultiply(pixels[from + blue], alpha);
                    colour[3] = alpha;
                    for (int c = 0; c < channels; c++)
                        row[to++] = (byte)(colour[c] - left[c]);
                    (colour, left) = (left, colour);
                }
                zlib.Write(row);
            }
        }
        return data.ToArray();
    }
}
