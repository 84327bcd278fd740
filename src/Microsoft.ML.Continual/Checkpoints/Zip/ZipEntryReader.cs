using System.IO.Compression;

namespace Microsoft.ML.Continual.Checkpoints.Zip;

/// <summary>Reads an entry's bytes from first to last: never more than declared, and with their CRC-32 checked at the end.</summary>
internal sealed class ZipEntryReader : IDisposable
{
    private const int BlockBytes = 1 << 16;

    private readonly ByteSource _source;
    private readonly ZipEntry _entry;
    private readonly SourceStream _stored;
    private readonly DeflateStream? _inflater;
    private Crc32 _crc = new();
    private long _read;

    public ZipEntryReader(ByteSource source, ZipEntry entry)
    {
        (_source, _entry) = (source, entry);
        _stored = new SourceStream(source, entry.DataOffset, entry.CompressedSize);
        if (entry.Deflated) _inflater = new DeflateStream(_stored, CompressionMode.Decompress);
    }

    public void ReadExactly(Span<byte> bytes)
    {
        if (bytes.Length > _entry.Size - _read) throw Broken($"expected {bytes.Length} more bytes at {_read}; it has {_entry.Size}");
        int count = Fill(bytes);
        if (count < bytes.Length) throw Broken($"expected {_entry.Size} bytes, as declared; found {_read + count}");
        _crc.Append(bytes);
        _read += bytes.Length;
    }

    /// <summary>Reads what is left, and checks that no more follows and that the bytes are those that were written.</summary>
    public void Finish()
    {
        byte[] block = new byte[(int)Math.Min(BlockBytes, Math.Max(_entry.Size - _read, 1))];
        while (_read < _entry.Size) ReadExactly(block.AsSpan(0, (int)Math.Min(block.Length, _entry.Size - _read)));
        if (Fill(block.AsSpan(0, 1)) > 0) throw Broken($"expected {_entry.Size} bytes, as declared; more follow");
        if (_crc.Value != _entry.Crc)
            throw Broken($"expected bytes with the CRC-32 {_entry.Crc:x8}, as declared; found {_crc.Value:x8} (the file is damaged, or was written with checksums turned off)");
    }

    public void Dispose()
    {
        _inflater?.Dispose();
        _stored.Dispose();
    }

    private int Fill(Span<byte> bytes)
    {
        try
        {
            return ((Stream?)_inflater ?? _stored).ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e) when (_inflater is not null)
        {
            throw new InvalidDataException($"'{_source.Name}': the zip's entry '{_entry.Name}': its compressed bytes are damaged; {e.Message}", e);
        }
    }

    private InvalidDataException Broken(string what) => _source.Broken($"the zip's entry '{_entry.Name}': {what}");
}
