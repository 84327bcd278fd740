using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Continual.Checkpoints.Zip;

/// <summary>
/// The directory of a zip, read with nothing believed: every entry's own header must say the same, entries must not overlap, their names must be plain relative
/// paths that occur once, and together they must not unpack to many times the file's size.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50, EntrySignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const int EndBytes = 22, End64Bytes = 56, Locator64Bytes = 20, EntryBytes = 46, LocalBytes = 30;
    private const ushort EncryptedFlag = 1, SizesFollowFlag = 8;
    private const int Stored = 0, Deflated = 8;
    private const int MaximumRatio = 100, AlwaysAllowedBytes = 1 << 16;
    private const long MaximumEntryBytes = 1L << 32;

    private readonly ByteSource _source;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    private ZipDirectory(ByteSource source) => _source = source;

    /// <summary>The entries by name, in the order of the directory; folders are left out.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    /// <exception cref="InvalidDataException">The zip is damaged or refused; the message names the entry.</exception>
    public static ZipDirectory Read(ByteSource source)
    {
        var directory = new ZipDirectory(source);
        directory.Read();
        return directory;
    }

    /// <summary>Opens an entry's bytes.</summary>
    public ZipEntryReader Open(ZipEntry entry) => new(_source, entry);

    /// <summary>Reads and checks all bytes of an entry.</summary>
    public byte[] ReadBytes(ZipEntry entry)
    {
        if (entry.Size > Array.MaxLength) throw _source.Broken($"entry '{entry.Name}': expected at most {Array.MaxLength} bytes; found {entry.Size}");
        using ZipEntryReader reader = Open(entry);
        byte[] bytes = new byte[entry.Size];
        reader.ReadExactly(bytes);
        reader.Finish();
        return bytes;
    }

    private void Read()
    {
        (long offset, long length, long count, long end) = FindEnd();
        if (offset < 0 || length < 0 || length > int.MaxValue || offset > end || length != end - offset)
            throw _source.Broken($"the zip's directory: expected it to end at {end}, where its end mark stands; found {length} bytes at {offset}");
        byte[] directory = _source.ReadBytes(offset, (int)length);
        ReadOnlySpan<byte> rest = directory;
        long declared = 0;
        var all = new List<ZipEntry>();
        for (long i = 0; i < count; i++)
        {
            ZipEntry entry = ReadEntry(ref rest);
            all.Add(entry);
            declared += entry.Size;   // a sum of less than 2^31 numbers that ReadEntry bounds
        }
        if (rest.Length > 0) throw _source.Broken($"the zip's directory: expected {count} entries; {rest.Length} bytes follow them");
        long[] ends = Ends(all, offset);
        for (int i = 0; i < all.Count; i++)
        {
            ZipEntry entry = ReadHeader(all[i], ends[i]);
            if (entry.Name.EndsWith('/') && entry.Size == 0) continue;
            CheckName(entry.Name);
            if (!_entries.TryAdd(entry.Name, entry)) throw _source.Broken($"the zip's entry '{entry.Name}' occurs twice");
        }
        if (declared > AlwaysAllowedBytes + MaximumRatio * _source.Length)
            throw _source.Broken($"the zip's entries: expected at most {MaximumRatio} times the file's {_source.Length} bytes when unpacked; found {declared}");
    }

    /// <summary>Finds the end mark, which a comment may follow, and the one of zip64 before it.</summary>
    private (long Offset, long Length, long Count, long End) FindEnd()
    {
        int tailLength = (int)Math.Min(_source.Length, EndBytes + ushort.MaxValue);
        byte[] tail = _source.ReadBytes(_source.Length - tailLength, tailLength);
        int at = tailLength - EndBytes;
        while (at >= 0 && !(U32(tail, at) == EndSignature && U16(tail, at + 20) == tailLength - EndBytes - at)) at--;
        if (at < 0) throw _source.Broken("it begins as a zip, but the zip's directory at its end is missing (the file is truncated?)");
        long end = _source.Length - tailLength + at;
        if (U16(tail, at + 4) != 0 || U16(tail, at + 6) != 0 || U16(tail, at + 8) != U16(tail, at + 10)) throw _source.Broken("it is one part of a zip of several files");
        (long offset, long length, long count) = (U32(tail, at + 16), U32(tail, at + 12), U16(tail, at + 10));
        if (end < Locator64Bytes) return (offset, length, count, end);
        byte[] locator = _source.ReadBytes(end - Locator64Bytes, Locator64Bytes);
        if (U32(locator, 0) != Locator64Signature) return (offset, length, count, end);

        long end64 = (long)U64(locator, 8);
        if (end64 < 0 || end64 != end - Locator64Bytes - End64Bytes) throw _source.Broken($"the zip64 end mark: expected at {end - Locator64Bytes - End64Bytes}; found at {end64}");
        byte[] mark = _source.ReadBytes(end64, End64Bytes);
        if (U32(mark, 0) != End64Signature || U64(mark, 4) != End64Bytes - 12 || U32(mark, 16) != 0 || U32(mark, 20) != 0 || U64(mark, 24) != U64(mark, 32))
            throw _source.Broken($"the zip64 end mark at {end64} is damaged");
        (long offset64, long length64, long count64) = ((long)U64(mark, 48), (long)U64(mark, 40), (long)U64(mark, 32));
        if ((offset != uint.MaxValue && offset != offset64) || (length != uint.MaxValue && length != length64) || (count != ushort.MaxValue && count != count64))
            throw _source.Broken("the zip's end mark and its zip64 end mark differ");
        return (offset64, length64, count64, end64);
    }

    /// <summary>What the directory says of its next entry.</summary>
    private ZipEntry ReadEntry(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < EntryBytes || U32(rest, 0) != EntrySignature) throw _source.Broken("the zip's directory: expected another entry; found other bytes");
        int nameLength = U16(rest, 28), extraLength = U16(rest, 30), commentLength = U16(rest, 32);
        int entryLength = EntryBytes + nameLength + extraLength + commentLength;
        if (rest.Length < entryLength) throw _source.Broken("the zip's directory ends within an entry");
        string name = Encoding.UTF8.GetString(rest.Slice(EntryBytes, nameLength));
        int flags = U16(rest, 8), method = U16(rest, 10);
        if ((flags & EncryptedFlag) != 0) throw _source.Broken($"the zip's entry '{name}' is encrypted");
        if (method is not (Stored or Deflated)) throw _source.Broken($"the zip's entry '{name}': expected it stored or deflated (method 0 or 8); found method {method}");
        long compressed = U32(rest, 20), size = U32(rest, 24), header = U32(rest, 42);
        ReadOnlySpan<byte> extra = rest.Slice(EntryBytes + nameLength, extraLength);
        Widen(extra, name, ref size, ref compressed, ref header);
        uint crc = U32(rest, 16);
        rest = rest[entryLength..];

        if (header < 0 || compressed < 0 || size < 0 || size > MaximumEntryBytes || (method == Stored && size != compressed))
            throw _source.Broken($"the zip's entry '{name}': expected sizes that fit the file; found {compressed} bytes that unpack to {size}");
        return new ZipEntry(name, method == Deflated, crc, compressed, size, header, 0);
    }

    /// <summary>Where each entry must end at the latest: where the next in the file begins. What is read of headers is so no more than the file in all.</summary>
    private static long[] Ends(List<ZipEntry> entries, long directoryOffset)
    {
        int[] order = [.. Enumerable.Range(0, entries.Count).OrderBy(i => entries[i].HeaderOffset)];
        long[] ends = new long[order.Length];
        for (int i = 0; i < order.Length; i++) ends[order[i]] = i + 1 < order.Length ? Math.Min(directoryOffset, entries[order[i + 1]].HeaderOffset) : directoryOffset;
        return ends;
    }

    /// <summary>Reads the entry's own header, which must agree with the directory, and finds its bytes, which must end by <paramref name="end"/>.</summary>
    private ZipEntry ReadHeader(ZipEntry entry, long end)
    {
        if (entry.HeaderOffset > end - LocalBytes) throw Overlap(entry.HeaderOffset + LocalBytes);
        byte[] local = _source.ReadBytes(entry.HeaderOffset, LocalBytes);
        int nameLength = U16(local, 26), extraLength = U16(local, 28);
        long data = entry.HeaderOffset + LocalBytes + nameLength + extraLength;
        if (U32(local, 0) != LocalSignature || U16(local, 8) != (entry.Deflated ? Deflated : Stored)) throw Differs();
        if (data > end || entry.CompressedSize > end - data) throw Overlap(data + entry.CompressedSize);
        byte[] rest = _source.ReadBytes(entry.HeaderOffset + LocalBytes, nameLength + extraLength);
        long compressed = U32(local, 18), size = U32(local, 22), none = 0;
        Widen(rest.AsSpan(nameLength), entry.Name, ref size, ref compressed, ref none);
        bool sizesFollow = (U16(local, 6) & SizesFollowFlag) != 0;
        if (Encoding.UTF8.GetString(rest, 0, nameLength) != entry.Name || !Same(size, entry.Size) || !Same(compressed, entry.CompressedSize) || !Same(U32(local, 14), entry.Crc)) throw Differs();
        return entry with { DataOffset = data };

        bool Same(long own, long directory) => own == directory || (sizesFollow && own == 0);

        InvalidDataException Differs() => _source.Broken($"the zip's entry '{entry.Name}': its own header at {entry.HeaderOffset} says otherwise than the directory");

        InvalidDataException Overlap(long found) =>
            _source.Broken($"the zip's entry '{entry.Name}': expected its {entry.CompressedSize} bytes to end by {end}, where the next entry or the directory begins; they end at {found}");
    }

    /// <summary>Where a 32-bit field is full, the zip64 extra field (number 1) has the value; its values stand in the order size, compressed size, offset.</summary>
    private void Widen(ReadOnlySpan<byte> extra, string name, ref long size, ref long compressed, ref long header)
    {
        while (extra.Length >= 4)
        {
            int id = U16(extra, 0), length = U16(extra, 2);
            if (length > extra.Length - 4) return;
            if (id == 1)
            {
                ReadOnlySpan<byte> field = extra.Slice(4, length);
                Take(ref field, ref size);
                Take(ref field, ref compressed);
                Take(ref field, ref header);
                return;
            }
            extra = extra[(4 + length)..];
        }

        void Take(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value != uint.MaxValue) return;
            if (field.Length < 8) throw _source.Broken($"the zip's entry '{name}': its zip64 sizes are missing");
            value = (long)U64(field, 0);
            field = field[8..];
        }
    }

    private void CheckName(string name)
    {
        bool plain = name.Length > 0 && !name.Contains('\\') && !name.Contains(':') && !name.Contains('\0') && name.Split('/').All(part => part is not ("" or "." or ".."));
        if (!plain) throw _source.Broken($"the zip's entry '{name}': expected a relative path without '.', '..', '\\' and ':'");
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
