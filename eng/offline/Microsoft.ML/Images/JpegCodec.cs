using System.Runtime.InteropServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.Images;

/// <summary>JPEG through the system's libturbojpeg.</summary>
internal static unsafe partial class JpegCodec
{
    private const string Library = "libturbojpeg.so.0";
    private const int FormatRgba = 7;
    private const int FormatBgra = 8;
    private const int FormatCmyk = 11;
    private const int SpaceGrey = 2;
    private const int SpaceCmyk = 3;
    private const int AccurateDct = 4096;
    private const int FullChroma = 0;

    public static bool Recognises(ReadOnlySpan<byte> file) => file is [0xFF, 0xD8, 0xFF, ..];

    /// <summary>Null if the file is broken beyond use; one that ends early gives what was there, as in ML.NET.</summary>
    public static MLImage Decode(byte[] file)
    {
        nint decoder = Open(compress: false);
        try
        {
            fixed (byte* source = file)
            {
                if (tjDecompressHeader3(decoder, source, (nuint)file.Length, out int width, out int height, out _, out int space) != 0
                    || width <= 0 || height <= 0 || (long)width * height > int.MaxValue / 4)
                {
                    return null;
                }
                MLPixelFormat format = space == SpaceGrey ? MLPixelFormat.Bgra32 : MLImage.PlatformFormat;
                int native = space >= SpaceCmyk ? FormatCmyk : format == MLPixelFormat.Rgba32 ? FormatRgba : FormatBgra;
                var pixels = new byte[width * height * 4];
                fixed (byte* target = pixels)
                {
                    int result = tjDecompress2(decoder, source, (nuint)file.Length, target, width, width * 4, height, native, AccurateDct);
                    // Code 0 is a warning: damaged data that could be passed over.
                    if (result != 0 && tjGetErrorCode(decoder) != 0)
                        return null;
                }
                if (native == FormatCmyk)
                    CmykToColour(pixels, format);
                return new MLImage(width, height, format, pixels);
            }
        }
        finally
        {
            tjDestroy(decoder);
        }
    }

    public static byte[] Encode(int width, int height, MLPixelFormat format, byte[] pixels)
    {
        nint encoder = Open(compress: true);
        byte* file = null;
        try
        {
            nuint size = 0;
            fixed (byte* source = pixels)
            {
                int native = format == MLPixelFormat.Rgba32 ? FormatRgba : FormatBgra;
                if (tjCompress2(encoder, source, width, width * 4, height, native, ref file, ref size, FullChroma, 100, AccurateDct) != 0)
                    throw new InvalidOperationException($"The JPEG library could not encode the image: {Marshal.PtrToStringUTF8(tjGetErrorStr2(encoder))}");
            }
            return new Span<byte>(file, checked((int)size)).ToArray();
        }
        finally
        {
            if (file != null)
                tjFree(file);
            tjDestroy(encoder);
        }
    }

    // Four-colour JPEGs store the inks inverted, as Adobe does: 255 is no ink.
    private static void CmykToColour(Span<byte> pixels, MLPixelFormat format)
    {
        for (int i = 0; i < pixels.Length; i += 4)
        {
            int black = pixels[i + 3];
            pixels[i] = (byte)(pixels[i] * black / 255);
            pixels[i + 1] = (byte)(pixels[i + 1] * black / 255);
            pixels[i + 2] = (byte)(pixels[i + 2] * black / 255);
            pixels[i + 3] = 255;
        }
        if (format == MLPixelFormat.Bgra32)
            PixelMath.SwapRedAndBlue(pixels);
    }

    private static nint Open(bool compress)
    {
        try
        {
            nint handle = compress ? tjInitCompress() : tjInitDecompress();
            return handle != 0 ? handle : throw new InvalidOperationException("The JPEG library could not be initialised.");
        }
        catch (DllNotFoundException inner)
        {
            throw new InvalidOperationException(
                $"{Library} was not found, so JPEG images cannot be read or written. On Debian and Ubuntu install the package libturbojpeg0 (apt-get install libturbojpeg0).", inner);
        }
    }

    [LibraryImport(Library)]
    private static partial nint tjInitDecompress();

    [LibraryImport(Library)]
    private static partial nint tjInitCompress();

    [LibraryImport(Library)]
    private static partial int tjDestroy(nint handle);

    [LibraryImport(Library)]
    private static partial int tjGetErrorCode(nint handle);

    [LibraryImport(Library)]
    private static partial nint tjGetErrorStr2(nint handle);

    [LibraryImport(Library)]
    private static partial void tjFree(byte* buffer);

    [LibraryImport(Library)]
    private static partial int tjDecompressHeader3(nint handle, byte* file, nuint size, out int width, out int height, out int subsampling, out int space);

    [LibraryImport(Library)]
    private static partial int tjDecompress2(nint handle, byte* file, nuint size, byte* pixels, int width, int pitch, int height, int format, int flags);

    [LibraryImport(Library)]
    private static partial int tjCompress2(
        nint handle, byte* pixels, int width, int pitch, int height, int format, ref byte* file, ref nuint size, int subsampling, int quality, int flags);
}
