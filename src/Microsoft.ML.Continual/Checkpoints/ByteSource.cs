namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>Bytes at known offsets of a file or of memory, and the name that messages about them begin with.</summary>
internal sealed class ByteSource : IDisposable
{
    private readonly Stream _stream;

    public ByteSource(Stream stream, string name) => (_stream, Name, Length) = (stream, name, stream.Length);

    /// <summary>The file's path.</summary>
    public string Name { get; }

    /// <summary>The number of bytes when it was opened.</summary>
    public long Length { get; }

    public static ByteSource Open(string path) => new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0), path);

    public void ReadExactly(long offset, Span<byte> bytes)
    {
        if (bytes.Length == 0) return;
        if (offset < 0 || bytes.Length > Length - offset) throw Broken($"expected {bytes.Length} more bytes at {offset}; the file has {Length}");
        _stream.Position = offset;
        if (_stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw Broken($"expected {bytes.Length} more bytes at {offset}; the file ends there. It changed while it was open");
    }

    public byte[] ReadBytes(long offset, int count)
    {
        if (offset < 0 || count < 0 || count > Length - offset) throw Broken($"expected {count} more bytes at {offset}; the file has {Length}");
        byte[] bytes = new byte[count];
        ReadExactly(offset, bytes);
        return bytes;
    }

    public InvalidDataException Broken(string what) => new($"'{Name}': {what}.");

    public void Dispose() => _stream.Dispose();
}
