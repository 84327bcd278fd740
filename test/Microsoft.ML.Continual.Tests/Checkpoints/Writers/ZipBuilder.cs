using System.IO.Compression;
using System.Text;
using Microsoft.ML.Continual.Checkpoints.Zip;

namespace Microsoft.ML.Continual.Tests.Checkpoints.Writers;

/// <summary>Builds zips, honest ones and such as lie.</summary>
internal sealed class ZipBuilder
{
    private readonly MemoryStream _file = new();
    private readonly MemoryStream _directory = new();
    private int _count;

    /// <summary>Adds an entry. Sizes and CRC are those of the bytes unless given.</summary>
    public ZipBuilder Add(string name, byte[] bytes, bool deflate = false, uint? size = null, uint? localSize = null, uint? compressedSize = null, uint? crc = null, ushort flags = 0, ushort? method = null, uint? offset = null)
    {
        byte[] stored = deflate ? Deflate(bytes) : bytes;
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        var sum = new Crc32();
        sum.Append(bytes);
        uint start = offset ?? (uint)_file.Position;
        method ??= (ushort)(deflate ? 8 : 0);

        Write(_file, 0x04034b50u, (ushort)20, flags, method.Value, 0u, crc ?? sum.Value, compressedSize ?? (uint)stored.Length, localSize ?? size ?? (uint)bytes.Length, (ushort)nameBytes.Length, (ushort)0);
        _file.Write(nameBytes);
        _file.Write(stored);
        Write(_directory, 0x02014b50u, (ushort)20, (ushort)20, flags, method.Value, 0u, crc ?? sum.Value, compressedSize ?? (uint)stored.Length, size ?? (uint)bytes.Length,
              (ushort)nameBytes.Length, (ushort)0, (ushort)0, (ushort)0, (ushort)0, 0u, start);
        _directory.Write(nameBytes);
        _count++;
        return this;
    }

    public byte[] ToArray(ushort? count = null, uint? directoryLength = null)
    {
        using var whole = new MemoryStream();
        _file.WriteTo(whole);
        _directory.WriteTo(whole);
        Write(whole, 0x06054b50u, (ushort)0, (ushort)0, count ?? (ushort)_count, count ?? (ushort)_count, directoryLength ?? (uint)_directory.Length, (uint)_file.Length, (ushort)0);
        return whole.ToArray();
    }

    private static byte[] Deflate(byte[] bytes)
    {
        using var result = new MemoryStream();
        using (var deflater = new DeflateStream(result, CompressionLevel.Optimal, leaveOpen: true)) deflater.Write(bytes);
        return result.ToArray();
    }

    private static void Write(Stream stream, params object[] fields)
    {
        foreach (object field in fields) stream.Write(field is uint wide ? BitConverter.GetBytes(wide) : BitConverter.GetBytes((ushort)field));
    }
}
