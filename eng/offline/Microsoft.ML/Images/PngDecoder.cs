using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.ML.Data;

namespace Microsoft.ML.Images;

/// <summary>
/// Reads PNG (RFC 2083): all colour types, bit depths and both interlace methods. Sixteen-bit samples keep their high byte; gamma and profiles
/// are not applied.
/// </summary>
internal sealed class PngDecoder
{
    private readonly int _width;
    private readonly int _height;
    private readonly int _depth;
    private readonly int _colourType;
    private readonly bool _interlaced;
    private readonly byte[] _pixels;
    private byte[] _palette = [];
    private byte[] _transparency;

    private PngDecoder(ReadOnlySpan<byte> header)
    {
        _width = BinaryPrimitives.ReadInt32BigEndian(header);
        _height = BinaryPrimitives.ReadInt32BigEndian(header[4..]);
        (_depth, _colourType, _interlaced) = (header[8], header[9], header[12] == 1);
        bool sizes = _width > 0 && _height > 0 && (long)_width * _height <= int.MaxValue / 4;
        bool known = header[10] == 0 && header[11] == 0 && header[12] <= 1 && (_colourType, _depth) is
            (0, 1 or 2 or 4 or 8 or 16) or (2, 8 or 16) or (3, 1 or 2 or 4 or 8) or (4, 8 or 16) or (6, 8 or 16);
        if (!sizes || !known)
            throw new InvalidDataException("The PNG header is out of range.");
        _pixels = new byte[_width * _height * 4];
    }

    private int Channels => _colourType switch { 0 or 3 => 1, 4 => 2, 2 => 3, _ => 4 };

    public static bool Recognises(ReadOnlySpan<byte> file) => file.StartsWith(PngChunks.Signature);

    /// <summary>Null if the file is broken before its pixels begin; one that ends early gives what was there, as in ML.NET.</summary>
    public static MLImage Decode(byte[] file)
    {
        try
        {
            return Read(file);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static MLImage Read(byte[] file)
    {
        PngDecoder decoder = null;
        using var data = new MemoryStream();
        for (int at = PngChunks.Signature.Length; at + 8 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            ReadOnlySpan<byte> type = file.AsSpan(at + 4, 4);
            bool whole = length <= file.Length - at - 12;
            ReadOnlySpan<byte> body = file.AsSpan(at + 8, whole ? (int)length : file.Length - at - 8);
            bool critical = (type[0] & 0x20) == 0;
            if (whole && critical && PngChunks.Crc(file.AsSpan(at + 4, body.Length + 4)) != BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + body.Length)))
                throw new InvalidDataException("A PNG chunk is damaged.");
            if (type.SequenceEqual("IHDR"u8))
                decoder = whole && length == 13 ? new PngDecoder(body) : throw new InvalidDataException("The PNG header has a wrong length.");
            else if (decoder is null)
                throw new InvalidDataException("A PNG file starts with its header.");
            else if (type.SequenceEqual("PLTE"u8))
                decoder._palette = body.ToArray();
            else if (type.SequenceEqual("tRNS"u8))
                decoder._transparency = body.ToArray();
            else if (type.SequenceEqual("IDAT"u8))
                data.Write(body);
            else if (type.SequenceEqual("IEND"u8))
                break;
            else if (critical)
                throw new InvalidDataException("The PNG file has an unknown critical chunk.");
            if (!whole)
                break;
            at += (int)length + 12;
        }
        if (decoder is null || data.Length == 0 || (decoder._colourType == 3 && decoder._palette.Length == 0))
            throw new InvalidDataException("The PNG file has no pixels.");
        data.Position = 0;
        decoder.ReadPixels(data);
        return decoder.ToImage();
    }

    private void ReadPixels(Stream data)
    {
        using var zlib = new ZLibStream(data, CompressionMode.Decompress);
        if (!_interlaced)
        {
            ReadPass(zlib, 0, 0, 1, 1);
            return;
        }
        // Adam7: origin and step of the seven passes.
        ReadOnlySpan<(int X, int Y, int StepX, int StepY)> passes =
            [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
        foreach ((int x, int y, int stepX, int stepY) in passes)
        {
            if (!ReadPass(zlib, x, y, stepX, stepY))
                return;
        }
    }

    private bool ReadPass(Stream zlib, int originX, int originY, int stepX, int stepY)
    {
        int columns = (_width - originX + stepX - 1) / stepX;
        if (columns <= 0)
            return true;
        int pixelBytes = Math.Max(1, Channels * _depth / 8);
        int rowBytes = checked((int)((((long)columns * Channels * _depth) + 7) / 8));
        var row = new byte[1 + rowBytes];
        var above = new byte[1 + rowBytes];
        for (int y = originY; y < _height; y += stepY)
        {
            if (!ReadRow(zlib, row))
                return false;
            Unfilter(row, above, pixelBytes);
            for (int i = 0; i < columns; i++)
                Store(row.AsSpan(1), i, (((long)y * _width) + originX + ((long)i * stepX)) * 4);
            (row, above) = (above, row);
        }
        return true;
    }

    private static bool ReadRow(Stream zlib, byte[] row)
    {
        try
        {
            return zlib.ReadAtLeast(row, row.Length, throwOnEndOfStream: false) == row.Length;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    // Section 6 of RFC 2083: each row says how its bytes were predicted from the left, above and upper left.
    private static void Unfilter(byte[] row, byte[] above, int pixelBytes)
    {
        for (int i = 1; i < row.Length; i++)
        {
            int left = i > pixelBytes ? row[i - pixelBytes] : 0;
            int up = above[i];
            int corner = i > pixelBytes ? above[i - pixelBytes] : 0;
            row[i] += row[0] switch
            {
                0 => 0,
                1 => (byte)left,
                2 => (byte)up,
                3 => (byte)((left + up) / 2),
                4 => (byte)Paeth(left, up, corner),
                _ => throw new InvalidDataException("The PNG file has an unknown filter."),
            };
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        int estimate = left + up - corner;
        (int byLeft, int byUp, int byCorner) = (Math.Abs(estimate - left), Math.Abs(estimate - up), Math.Abs(estimate - corner));
        return byLeft <= byUp && byLeft <= byCorner ? left : byUp <= byCorner ? up : corner;
    }

    private void Store(ReadOnlySpan<byte> row, int column, long target)
    {
        Span<byte> pixel = _pixels.AsSpan((int)target, 4);
        pixel[3] = 255;
        switch (_colourType)
        {
            case 0 or 4:
                int grey = Sample(row, column * Channels);
                pixel[..3].Fill(_depth < 8 ? (byte)(grey * 255 / ((1 << _depth) - 1)) : HighByte(grey));
                pixel[3] = _colourType == 4 ? HighByte(Sample(row, (column * 2) + 1)) : Matches(row, column, 1) ? (byte)0 : (byte)255;
                break;
            case 3:
                int index = Sample(row, column);
                if ((index * 3) + 2 >= _palette.Length)
                    throw new InvalidDataException("A PNG pixel is outside the palette.");
                _palette.AsSpan(index * 3, 3).CopyTo(pixel);
                pixel[3] = index < (_transparency?.Length ?? 0) ? _transparency[index] : (byte)255;
                break;
            default:
                for (int c = 0; c < Channels; c++)
                    pixel[c] = HighByte(Sample(row, (column * Channels) + c));
                if (_colourType == 2 && Matches(row, column, 3))
                    pixel[3] = 0;
                break;
        }
    }

    private int Sample(ReadOnlySpan<byte> row, int index)
    {
        if (_depth == 16)
            return (row[index * 2] << 8) | row[(index * 2) + 1];
        if (_depth == 8)
            return row[index];
        int bit = index * _depth;
        return (row[bit / 8] >> (8 - _depth - (bit % 8))) & ((1 << _depth) - 1);
    }

    private byte HighByte(int sample) => (byte)(_depth == 16 ? sample >> 8 : sample);

    // tRNS of a grey or colour image names the one value that is transparent.
    private bool Matches(ReadOnlySpan<byte> row, int column, int channels)
    {
        if (_transparency is null || _transparency.Length < channels * 2)
            return false;
        for (int c = 0; c < channels; c++)
        {
            if (Sample(row, (column * channels) + c) != BinaryPrimitives.ReadUInt16BigEndian(_transparency.AsSpan(c * 2)))
                return false;
        }
        return true;
    }

    private MLImage ToImage()
    {
        MLPixelFormat format = _colourType == 0 && _transparency is null ? MLPixelFormat.Bgra32 : MLImage.PlatformFormat;
        PixelMath.PremultiplyAll(_pixels);
        if (format == MLPixelFormat.Bgra32)
            PixelMath.SwapRedAndBlue(_pixels);
        return new MLImage(_width, _height, format, _pixels);
    }
}
