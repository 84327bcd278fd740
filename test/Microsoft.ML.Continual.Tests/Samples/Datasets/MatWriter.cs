using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.Continual.Tests.Samples.Datasets;

/// <summary>Writes MATLAB's level 5 files element by element; also such as lie.</summary>
internal static class MatWriter
{
    public const byte ClassDouble = 6, ClassUInt8 = 9, ClassChar = 4, MiInt8 = 1, MiUInt8 = 2, MiUInt16 = 4, MiInt32 = 5, MiUInt32 = 6, MiDouble = 9, Matrix = 14, Compressed = 15;

    public static byte[] File(params byte[][] elements)
    {
        byte[] header = new byte[128];
        Encoding.ASCII.GetBytes("MATLAB 5.0 MAT-file, Platform: GLNXA64").CopyTo(header, 0);
        (header[125], header[126], header[127]) = (1, (byte)'I', (byte)'M');
        return [.. header, .. elements.SelectMany(element => element)];
    }

    /// <summary>A tag, data, and zeros up to a multiple of 8 bytes.</summary>
    public static byte[] Element(int type, byte[] data, int? announced = null) => [.. Four(type), .. Four(announced ?? data.Length), .. data, .. new byte[-data.Length & 7]];

    /// <summary>A tag with up to four bytes of data in it.</summary>
    public static byte[] Small(int type, params byte[] data) => [(byte)type, 0, (byte)data.Length, 0, .. data, .. new byte[4 - data.Length]];

    /// <summary>A variable.</summary>
    public static byte[] Variable(string name, byte matlabClass, int[] shape, byte[] values) => Element(Matrix,
        [.. Element(MiUInt32, [matlabClass, 0, 0, 0, 0, 0, 0, 0]), .. Element(MiInt32, [.. shape.SelectMany(Four)]), .. Name(name), .. values]);

    /// <summary>Packs an element by zlib; the result has no padding.</summary>
    public static byte[] Pack(byte[] element)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write(element);
        return [.. Four(Compressed), .. Four((int)packed.Length), .. packed.ToArray()];
    }

    /// <summary>SVHN's file: images of equal pixels with their labels, packed as the official ones are.</summary>
    public static byte[] Svhn(params (byte Label, byte Value)[] images) => File(
        Pack(Variable("X", ClassUInt8, [32, 32, 3, images.Length], Element(MiUInt8, [.. images.SelectMany(image => Enumerable.Repeat(image.Value, 3072))]))),
        Pack(Variable("y", ClassDouble, [images.Length, 1], Element(MiUInt8, [.. images.Select(image => image.Label)]))));

    public static byte[] Four(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }

    private static byte[] Name(string name)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(name);
        return bytes.Length is > 0 and <= 4 ? Small(MiInt8, bytes) : Element(MiInt8, bytes);
    }
}
