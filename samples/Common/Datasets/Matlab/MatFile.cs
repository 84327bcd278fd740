using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.Continual.Samples.Datasets.Matlab;

/// <summary>
/// Reads numeric arrays out of MATLAB's level 5 files (what <c>save</c> writes with <c>-v6</c> and <c>-v7</c>), packed or not. No length is trusted: nothing is allocated or written beyond
/// what a file's own sizes agree on.
/// </summary>
/// <remarks>
/// A file is a header of 128 bytes and data elements: a tag (type and number of bytes, 4 each, little-endian) and the data. A variable is an element of elements: flags with the class, sizes,
/// name, real part. Files of version 7.3 are HDF5 and are not read; docs/datasets.md says how to convert them.
/// </remarks>
internal static class MatFile
{
    private const int HeaderBytes = 128, TagBytes = 8;

    /// <summary>Finds variables by name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">The variables, each a real numeric array.</param>
    /// <returns>The arrays, in the order of <paramref name="names"/>.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, is of another version, or lacks a variable.</exception>
    public static MatArray[] Read(string path, params string[] names) => DatasetSource.Naming(path, () => ReadArrays(path, names));

    private static MatArray[] ReadArrays(string path, string[] names)
    {
        ByteFile file = ByteFile.Open(path);
        CheckHeader(file);
        var found = new Dictionary<string, MatArray>(StringComparer.Ordinal);
        for (long at = HeaderBytes; at < file.Length && found.Count < names.Length;)
        {
            (uint type, long count) = ReadTag(file.Read(at, (int)Math.Min(TagBytes, file.Length - at)), file, at);
            long start = at + TagBytes;
            if (count > file.Length - start) throw new InvalidDataException($"'{path}', byte {at}: an element announces {count} bytes; the file has {file.Length - start} more, it is truncated");
            if (ReadVariable(file, (MatType)type, start, count, names) is { } array) found.TryAdd(array.Name, array);
            at = start + count + ((MatType)type == MatType.Compressed ? 0 : -count & 7);   // all but packed elements are filled up to 8 bytes
        }
        return [.. names.Select(name => found.TryGetValue(name, out MatArray? array)
            ? array : throw new InvalidDataException($"'{path}' has no numeric variable '{name}'; it has {(found.Count == 0 ? "none that is wanted" : string.Join(", ", found.Keys))}"))];
    }

    private static MatArray? ReadVariable(ByteFile file, MatType type, long start, long count, string[] names)
    {
        switch (type)
        {
            case MatType.Matrix:
                using (Stream inside = file.OpenRead(start, count))
                    return new MatVariableReader(inside, file.Name, count, (position, _) => (file, start + position)).Read(names);
            case MatType.Compressed:
                using (Stream packed = file.OpenRead(start, count))
                using (var unpacking = new ZLibStream(packed, CompressionMode.Decompress))
                {
                    byte[] tag = new byte[TagBytes];
                    if (unpacking.ReadAtLeast(tag, TagBytes, throwOnEndOfStream: false) < TagBytes) throw new InvalidDataException($"'{file.Name}', byte {start}: a packed element ends too early");
                    (uint inner, long length) = ReadTag(tag, file, start);
                    if ((MatType)inner != MatType.Matrix) return null;
                    MatArray? array = new MatVariableReader(unpacking, file.Name, length, (_, bytes) => (ByteFile.Unpack(new HeadStream(unpacking, bytes), file.Name, bytes), 0)).Read(names);
                    if (array is not null) unpacking.CopyTo(Stream.Null);   // to the checksum, which ends it
                    return array;
                }
            default:
                return null;   // not a variable
        }
    }

    private static (uint Type, long Count) ReadTag(byte[] tag, ByteFile file, long at)
    {
        if (tag.Length < TagBytes) throw new InvalidDataException($"'{file.Name}', byte {at}: expected the {TagBytes} bytes of a tag; found {tag.Length}, the file is truncated");
        return (BinaryPrimitives.ReadUInt32LittleEndian(tag), BinaryPrimitives.ReadUInt32LittleEndian(tag.AsSpan(4)));
    }

    private static void CheckHeader(ByteFile file)
    {
        byte[] header = file.Read(0, (int)Math.Min(HeaderBytes, file.Length));
        ReadOnlySpan<byte> hdf5 = [0x89, (byte)'H', (byte)'D', (byte)'F'];
        bool isVersion73 = header.AsSpan().StartsWith(hdf5) || header.AsSpan().StartsWith("MATLAB 7.3"u8) || (header.Length == HeaderBytes && header[125] == 2);
        if (isVersion73)
        {
            throw new InvalidDataException($"'{file.Name}' is a MATLAB 7.3 file (HDF5); expected level 5. Convert it in MATLAB or Octave: load('a.mat'); save('b.mat', 'X', 'y', '-v7'); " +
                "docs/datasets.md has a converter in Python");
        }
        if (header.Length < HeaderBytes || header[124] != 0 || header[125] != 1 || header[126] != (byte)'I' || header[127] != (byte)'M')
            throw new InvalidDataException($"'{file.Name}': expected the {HeaderBytes} bytes of a little-endian MATLAB level 5 header (version 0x0100, 'IM'); found another file");
    }
}
