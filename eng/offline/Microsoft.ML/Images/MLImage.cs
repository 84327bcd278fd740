using Microsoft.ML.Images;

namespace Microsoft.ML.Data;

/// <summary>
/// A decoded image, four bytes a pixel, rows from the top without padding, colours premultiplied by alpha.
/// A decoded colour image is <see cref="MLPixelFormat.Rgba32"/> on Linux (ML.NET on Windows: <see cref="MLPixelFormat.Bgra32"/>), a greyscale one
/// <see cref="MLPixelFormat.Bgra32"/>: look at <see cref="PixelFormat"/> before reading <see cref="Pixels"/>.
/// </summary>
public sealed class MLImage : IDisposable
{
    private readonly int _width;
    private readonly int _height;
    private readonly MLPixelFormat _format;
    private byte[] _pixels;
    private string _tag;

    internal MLImage(int width, int height, MLPixelFormat format, byte[] pixels)
    {
        _width = width;
        _height = height;
        _format = format;
        _pixels = pixels;
    }

    /// <summary>The format of a decoded colour image on this platform.</summary>
    internal static MLPixelFormat PlatformFormat => OperatingSystem.IsWindows() ? MLPixelFormat.Bgra32 : MLPixelFormat.Rgba32;

    /// <summary>The pixels: height × width × 4 bytes.</summary>
    /// <exception cref="InvalidOperationException">The image is disposed.</exception>
    public ReadOnlySpan<byte> Pixels => Live;

    /// <summary>The pixels as blue, green, red: height × width × 3 bytes, made anew each time.</summary>
    public byte[] GetBGRPixels
    {
        get
        {
            byte[] source = Live;
            (int blue, int red) = _format == MLPixelFormat.Bgra32 ? (0, 2) : (2, 0);
            var pixels = new byte[_width * _height * 3];
            for (int from = 0, to = 0; to < pixels.Length; from += 4, to += 3)
            {
                // The bare colours, without the alpha that the stored ones are multiplied by.
                pixels[to] = PixelMath.Unpremultiply(source[from + blue], source[from + 3]);
                pixels[to + 1] = PixelMath.Unpremultiply(source[from + 1], source[from + 3]);
                pixels[to + 2] = PixelMath.Unpremultiply(source[from + red], source[from + 3]);
            }
            return pixels;
        }
    }

    /// <summary>The order of a pixel's bytes.</summary>
    public MLPixelFormat PixelFormat => IfLive(_format);

    /// <summary>32.</summary>
    public int BitsPerPixel => IfLive(32);

    /// <summary>The width in pixels.</summary>
    public int Width => IfLive(_width);

    /// <summary>The height in pixels.</summary>
    public int Height => IfLive(_height);

    /// <summary>Anything the maker wants to say of the image; a loaded one has its path.</summary>
    public string Tag
    {
        get => IfLive(_tag);
        set => _tag = IfLive(value);
    }

    private byte[] Live => _pixels ?? throw new InvalidOperationException("Object is disposed.");

    /// <summary>Decodes a PNG or JPEG file.</summary>
    /// <exception cref="ArgumentException">There is no such image.</exception>
    public static MLImage CreateFromFile(string imagePath)
    {
        ArgumentNullException.ThrowIfNull(imagePath);
        return (File.Exists(imagePath) ? ImageCodec.Decode(File.ReadAllBytes(imagePath)) : null)
            ?? throw new ArgumentException("Invalid path", nameof(imagePath));
    }

    /// <summary>Decodes a PNG or JPEG image.</summary>
    /// <exception cref="ArgumentException">The stream does not hold one.</exception>
    public static MLImage CreateFromStream(Stream imageStream)
    {
        ArgumentNullException.ThrowIfNull(imageStream);
        using var bytes = new MemoryStream();
        imageStream.CopyTo(bytes);
        return ImageCodec.Decode(bytes.ToArray()) ?? throw new ArgumentException("Invalid input stream contents", nameof(imageStream));
    }

    /// <summary>Copies pixels into an image of the same format.</summary>
    /// <param name="width">The width, at least 1.</param>
    /// <param name="height">The height, at least 1.</param>
    /// <param name="pixelFormat">The order of a pixel's bytes.</param>
    /// <param name="imagePixelData">Height × width × 4 bytes.</param>
    /// <exception cref="ArgumentException">An unknown format, or sizes that do not agree.</exception>
    public static MLImage CreateFromPixels(int width, int height, MLPixelFormat pixelFormat, ReadOnlySpan<byte> imagePixelData)
    {
        if (pixelFormat is not (MLPixelFormat.Bgra32 or MLPixelFormat.Rgba32))
            throw new ArgumentException("Unsupported pixel format", nameof(pixelFormat));
        if (width <= 0)
            throw new ArgumentException("Invalid width value.", nameof(width));
        if (height <= 0)
            throw new ArgumentException("Invalid height value.", nameof(height));
        if (imagePixelData.Length != (long)width * height * 4)
            throw new ArgumentException($"Invalid {nameof(imagePixelData)} buffer size.");
        return new MLImage(width, height, pixelFormat, imagePixelData.ToArray());
    }

    /// <summary>Writes a PNG or JPEG file (quality 100), by the path's extension.</summary>
    /// <exception cref="ArgumentException">Another extension.</exception>
    public void Save(string imagePath)
    {
        byte[] pixels = Live;
        byte[] file = ImageCodec.Encode(Path.GetExtension(imagePath), _width, _height, _format, pixels)
            ?? throw new ArgumentException(
                $"Saving image with the format '{Path.GetExtension(imagePath)}' is not supported. Try save it with `Jpeg` or `Png` format.", nameof(imagePath));
        File.WriteAllBytes(imagePath, file);
    }

    /// <summary>Lets go of the pixels; all other members throw from then on.</summary>
    public void Dispose() => _pixels = null;

    private T IfLive<T>(T value)
    {
        _ = Live;
        return value;
    }
}
