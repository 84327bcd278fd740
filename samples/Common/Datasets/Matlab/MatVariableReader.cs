using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Continual.Samples.Datasets.Matlab;

/// <summary>Reads the elements inside one variable, from first to last.</summary>
/// <param name="stream">The variable's bytes, at the first.</param>
/// <param name="file">The file, for messages.</param>
/// <param name="length">The bytes that the variable announces.</param>
/// <param name="place">Says where values are kept, of a position in the variable and a number of bytes; called once, where the stream stands at the first of them.</param>
internal sealed class MatVariableReader(Stream stream, string file, long length, Func<long, long, (ByteFile File, long Offset)> place)
{
    private const int MaximumRank = 32, MaximumName = 1 << 10, FlagBytes = 8, FirstNumericClass = 6, LastNumericClass = 15;

    private long _position;

    /// <summary>The variable; null where it is not a numeric array with one of the names.</summary>
    public MatArray? Read(string[] names)
    {
        byte[] flags = ReadSmall("flags", MatType.UInt32, FlagBytes, FlagBytes);
        if (flags[0] is < FirstNumericClass or > LastNumericClass) return null;   // text, cells, structures, …
        byte[] sizes = ReadSmall("sizes", MatType.Int32, 8, 4 * MaximumRank);
        int[] shape = [.. Enumerable.Range(0, sizes.Length / 4).Select(i => BinaryPrimitives.ReadInt32LittleEndian(sizes.AsSpan(4 * i)))];
        string name = Encoding.UTF8.GetString(ReadSmall("name", MatType.Int8, 0, MaximumName));
        if (!names.Contains(name)) return null;

        (MatType type, long bytes, bool isSmall) = ReadTag($"values of '{name}'");
        if (type.Size() == 0) throw Broken($"expected numbers as the values of '{name}'; found the type {(int)type}");
        long count = Count(shape, type.Size());
        if (count < 0 || count != bytes) throw Broken($"'{name}' of {string.Join(" x ", shape)} values of type {type} announces {bytes} bytes of them");
        (ByteFile kept, long offset) = isSmall ? (Keep(bytes), 0) : place(_position, bytes);
        return new MatArray(name, type, shape, kept, offset);
    }

    // The bytes of an array; −1 where no file can hold them.
    private static long Count(int[] shape, int size)
    {
        Int128 count = size;
        foreach (int side in shape)
        {
            if (side < 0) return -1;
            count *= side;
            if (count > uint.MaxValue) return -1;   // an element's length has four bytes
        }
        return (long)count;
    }

    private ByteFile Keep(long bytes) => ByteFile.Unpack(new MemoryStream(ReadExactly((int)bytes)), file, bytes);

    // A short element, read whole, with the padding after it.
    private byte[] ReadSmall(string what, MatType expected, int minimum, int maximum)
    {
        (MatType type, long count, bool isSmall) = ReadTag(what);
        if (type != expected || count < minimum || count > maximum || count % type.Size() != 0)
            throw Broken($"expected the {what} of a variable, {minimum} to {maximum} bytes of type {expected}; found {count} bytes of type {(int)type}");
        byte[] data = ReadExactly((int)count);
        int padding = isSmall ? (int)(4 - count) : (int)(-count & 7);
        ReadExactly(padding);
        return data;
    }

    // Up to four bytes may stand in the second half of the tag; the upper half of the first four bytes is then their number.
    private (MatType Type, long Count, bool IsSmall) ReadTag(string what)
    {
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(ReadExactly(4));
        bool isSmall = first >> 16 != 0;
        long count = isSmall ? first >> 16 : BinaryPrimitives.ReadUInt32LittleEndian(ReadExactly(4));
        if (isSmall && count > 4) throw Broken($"expected at most 4 bytes beside a tag; found {count} in the {what}");
        if (count > length - _position) throw Broken($"the {what} announce {count} bytes; the variable has {length - _position} more");
        return ((MatType)(first & 0xFFFF), count, isSmall);
    }

    private byte[] ReadExactly(int count)
    {
        byte[] bytes = new byte[count];
        if (count > length - _position || stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) < count) throw Broken("the variable ends too early");
        _position += count;
        return bytes;
    }

    private InvalidDataException Broken(string what) => new($"'{file}', byte {_position} of a variable: {what}");
}
