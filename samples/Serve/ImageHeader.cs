using System.Buffers.Binary;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>What a PNG or JPEG file says of itself, read without decoding it: decoders take memory for whatever size a header claims.</summary>
/// <param name="Format"><c>PNG</c> or <c>JPEG</c>.</param>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="IsWhole">Whether the file goes on to its end mark. Decoders fill what is missing with grey or nothing.</param>
internal sealed record ImageHeader(string Format, long Width, long Height, bool IsWhole)
{
    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>Reads the header; null where the bytes begin like neither format or the header is damaged.</summary>
    public static ImageHeader? Read(ReadOnlySpan<byte> file) => file.StartsWith(PngSignature) ? ReadPng(file) : file is [0xFF, 0xD8, 0xFF, ..] ? ReadJpeg(file) : null;

    // Signature, then chunks: length, name, data, checksum. The first is IHDR with the size, the last IEND.
    private static ImageHeader? ReadPng(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> first = file[PngSignature.Length..];
        if (first.Length < 25 || BinaryPrimitives.ReadUInt32BigEndian(first) != 13 || !first[4..8].SequenceEqual("IHDR"u8)) return null;
        (uint width, uint height) = (BinaryPrimitives.ReadUInt32BigEndian(first[8..]), BinaryPrimitives.ReadUInt32BigEndian(first[12..]));
        bool isWhole = false;
        for (ReadOnlySpan<byte> rest = first; !isWhole && rest.Length >= 12;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12) break;
            isWhole = rest[4..8].SequenceEqual("IEND"u8);
            rest = rest[(12 + (int)length)..];
        }
        return width == 0 || height == 0 ? null : new ImageHeader("PNG", width, height, isWhole);
    }

    // Segments: FF, a mark, a length with itself, data. A frame's segment has the size; after the first scan's come coded data and, at the end, the mark D9.
    private static ImageHeader? ReadJpeg(ReadOnlySpan<byte> file)
    {
        ImageHeader? header = null;
        for (int at = 2; at + 4 <= file.Length;)
        {
            if (file[at] != 0xFF) return null;
            byte mark = file[at + 1];
            if (mark == 0xFF)
            {
                at++;   // a fill byte
                continue;
            }
            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || at + 2 + length > file.Length) return header;
            ReadOnlySpan<byte> body = file.Slice(at + 4, length - 2);
            bool isFrame = mark is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);   // those three are tables and an extension
            if (isFrame && header is null)
            {
                if (body.Length < 5) return null;
                (int height, int width) = (BinaryPrimitives.ReadUInt16BigEndian(body[1..]), BinaryPrimitives.ReadUInt16BigEndian(body[3..]));
                if (width == 0 || height == 0) return null;
                header = new ImageHeader("JPEG", width, height, false);
            }
            if (mark == 0xDA) return header is null ? null : header with { IsWhole = file[(at + 2 + length)..].LastIndexOf([(byte)0xFF, (byte)0xD9]) >= 0 };
            at += 2 + length;
        }
        return header;
    }
}
