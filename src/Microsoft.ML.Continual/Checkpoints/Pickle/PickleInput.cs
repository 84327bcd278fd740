using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>A pickle's bytes, read from first to last through a small buffer.</summary>
internal sealed class PickleInput
{
    private const int BufferBytes = 1 << 14;

    private readonly ByteSource _source;
    private readonly long _start;
    private readonly string _label;
    private readonly byte[] _buffer;
    private long _bufferEnd;   // where in the source the buffer's bytes end
    private int _at, _count;

    /// <param name="source">Where the pickle is.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="label">What messages call it.</param>
    public PickleInput(ByteSource source, long start, string label)
    {
        (_source, _start, _label, _bufferEnd) = (source, start, label, start);
        _buffer = new byte[(int)Math.Clamp(source.Length - start, 0, BufferBytes)];
    }

    /// <summary>Where the next byte stands in the _source.</summary>
    public long Position => _bufferEnd - _count + _at;

    /// <summary>The number of bytes from the first to the end of the source: what bounds all that the pickle may ask for.</summary>
    public long Length => _source.Length - _start;

    private long Remaining => _source.Length - Position;

    public byte ReadByte()
    {
        Need(1);
        return _buffer[_at++];
    }

    public ushort ReadUInt16()
    {
        Need(2);
        _at += 2;
        return BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(_at - 2));
    }

    public int ReadInt32()
    {
        Need(4);
        _at += 4;
        return BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_at - 4));
    }

    public long ReadInt64()
    {
        Need(8);
        _at += 8;
        return BinaryPrimitives.ReadInt64LittleEndian(_buffer.AsSpan(_at - 8));
    }

    public double ReadBigEndianDouble()
    {
        Need(8);
        _at += 8;
        return BinaryPrimitives.ReadDoubleBigEndian(_buffer.AsSpan(_at - 8));
    }

    /// <summary>The next bytes in an array of their own.</summary>
    public byte[] ReadBytes(long count)
    {
        CheckCount(count);
        byte[] bytes = new byte[count];
        int buffered = (int)Math.Min(count, _count - _at);
        _buffer.AsSpan(_at, buffered).CopyTo(bytes);
        _at += buffered;
        if (buffered < count)
        {
            _source.ReadExactly(_bufferEnd, bytes.AsSpan(buffered));
            _bufferEnd += count - buffered;
            _at = _count = 0;
        }
        return bytes;
    }

    /// <summary>Where the next bytes stand; they are passed over unread.</summary>
    public PickleSpan SkipBytes(long count)
    {
        CheckCount(count);
        var span = new PickleSpan(Position, count);
        long unread = count - (_count - _at);
        if (unread <= 0)
        {
            _at += (int)count;
        }
        else
        {
            _bufferEnd += unread;
            _at = _count = 0;
        }
        return span;
    }

    /// <summary>The next bytes as UTF-8.</summary>
    public string ReadText(long count)
    {
        CheckCount(count);
        if (count > _buffer.Length) return Encoding.UTF8.GetString(ReadBytes(count));
        Need((int)count);
        _at += (int)count;
        return Encoding.UTF8.GetString(_buffer, _at - (int)count, (int)count);
    }

    /// <summary>Text up to the end of the line, of at most <paramref name="maximum"/> bytes.</summary>
    public string ReadLine(int maximum)
    {
        var bytes = new List<byte>();
        for (byte b = ReadByte(); b != (byte)'\n'; b = ReadByte())
        {
            if (bytes.Count == maximum) throw Broken($"expected a line of at most {maximum} bytes; found a longer one");
            bytes.Add(b);
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>Refuses a length that the bytes left do not have.</summary>
    public void CheckCount(long count)
    {
        if (count < 0 || count > Remaining || count > Array.MaxLength) throw Broken($"expected a length of at most {Math.Min(Remaining, Array.MaxLength)}, the bytes that are left; found {(ulong)count}");
    }

    public InvalidDataException Broken(string what) => _source.Broken($"{_label}, byte {Position - _start}: {what}");

    private void Need(int count)
    {
        if (_count - _at >= count) return;
        if (count > Remaining) throw Broken("the pickle ends too early");
        // What is left moves to the front; the rest of the buffer is filled.
        int left = _count - _at;
        _buffer.AsSpan(_at, left).CopyTo(_buffer);
        int more = (int)Math.Min(_buffer.Length - left, _source.Length - _bufferEnd);
        _source.ReadExactly(_bufferEnd, _buffer.AsSpan(left, more));
        _bufferEnd += more;
        (_at, _count) = (0, left + more);
    }
}
