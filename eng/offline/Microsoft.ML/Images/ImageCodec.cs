using Microsoft.ML.Data;

namespace Microsoft.ML.Images;

/// <summary>Chooses the codec by an image's first bytes or a file's extension.</summary>
internal static class ImageCodec
{
    /// <summary>Null if the bytes are no PNG or JPEG image.</summary>
    public static MLImage Decode(byte[] file)
    {
        if (PngDecoder.Recognises(file))
            return PngDecoder.Decode(file);
        return JpegCodec.Recognises(file) ? JpegCodec.Decode(file) : null;
    }

    /// <summary>Null if the extension stands for neither.</summary>
    public static byte[] Encode(string extension, int width, int height, MLPixelFormat format, byte[] pixels) => extension.ToLowerInvariant() switch
    {
        ".png" => PngEncoder.Encode(width, height, format, pixels),
        ".jpg" or ".jpeg" => JpegCodec.Encode(width, height, format, pixels),
        _ => null,
    };
}
