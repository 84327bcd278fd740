using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>
/// Bytes of a file, read when they are asked for, from any thread. What is packed goes into a temporary file first, which has no name where the system allows that, and ends with the process at the latest.
/// </summary>
internal sealed class ByteFile
{
    private readonly SafeFileHandle _handle;

    private ByteFile(SafeFileHandle handle, string name) => (_handle, Name, Length) = (handle, name, RandomAccess.GetLength(handle));

    /// <summary>The file, for messages; within an archive, the archive and the file.</summary>
    public string Name { get; }

    /// <summary>The number of bytes.</summary>
    public long Length { get; }

    /// <summary>Opens a file that lies there as it is to be read.</summary>
    public static ByteFile Open(string path) => new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete), path);

    /// <summary>Copies what a stream unpacks, to its end.</summary>
    /// <param name="unpacking">The stream, at the first byte.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="expected">The number of bytes it must give: no more are ever written.</param>
    /// <exception cref="InvalidDataException">It gives more or fewer.</exception>
    public static ByteFile Unpack(Stream unpacking, string name, long expected)
    {
        string path = Path.Combine(Path.GetTempPath(), $"continual-{Guid.NewGuid():N}.tmp");
        SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
        try
        {
            if (!OperatingSystem.IsWindows()) File.Delete(path);   // the open file stays, without a name
            byte[] buffer = new byte[1 << 16];
            long written = 0;
            for (int count; (count = unpacking.Read(buffer)) > 0; written += count)
            {
                if (count > expected - written) throw new InvalidDataException($"'{name}': expected {expected} bytes; found more");
                RandomAccess.Write(handle, buffer.AsSpan(0, count), written);
            }
            if (written != expected) throw new InvalidDataException($"'{name}': expected {expected} bytes; found {written}, the file is truncated");
            return new ByteFile(handle, name);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Some bytes, in an array of their own.</summary>
    /// <exception cref="InvalidDataException">The file ends before.</exception>
    public byte[] Read(long offset, int count)
    {
        if (offset < 0 || count < 0 || count > Length - offset) throw new InvalidDataException($"'{Name}': expected {count} bytes at {offset}; the file has {Length}");
        byte[] bytes = new byte[count];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>One byte.</summary>
    public byte ReadByte(long offset)
    {
        Span<byte> one = stackalloc byte[1];
        Read(offset, one);
        return one[0];
    }

    /// <summary>A stream over some of the bytes. Disposing it leaves the file open.</summary>
    public Stream OpenRead(long offset, long count)
    {
        if (offset < 0 || count < 0 || count > Length - offset) throw new InvalidDataException($"'{Name}': expected {count} bytes at {offset}; the file has {Length}");
        return new ByteFileStream(this, offset, count);
    }

    /// <summary>A stream over all bytes. Disposing it leaves the file open.</summary>
    public Stream OpenRead() => OpenRead(0, Length);

    /// <summary>Fills a span.</summary>
    internal void Read(long offset, Span<byte> bytes)
    {
        for (int done = 0, count; done < bytes.Length; done += count)
        {
            count = RandomAccess.Read(_handle, bytes[done..], offset + done);
            if (count == 0) throw new InvalidDataException($"'{Name}': expected {bytes.Length} bytes at {offset}; found {done}, the file ends there");
        }
    }
}
