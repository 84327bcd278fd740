namespace Microsoft.ML.Continual.Checkpoints.Zip;

/// <summary>A range of a source as a stream, from its first byte to its last.</summary>
internal sealed class SourceStream(ByteSource source, long offset, long length) : Stream
{
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => _read; set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, length - _read);
        source.ReadExactly(offset + _read, buffer[..count]);
        _read += count;
        return count;
    }

    public override int Read(byte[] buffer, int start, int count) => Read(buffer.AsSpan(start, count));

    public override void Flush()
    {
    }

    public override long Seek(long to, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int start, int count) => throw new NotSupportedException();
}
