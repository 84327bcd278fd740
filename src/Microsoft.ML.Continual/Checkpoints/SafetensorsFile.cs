using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>
/// A safetensors file, open for reading. The header is checked against the file when it is opened; tensors are read when asked for.
/// </summary>
/// <remarks>Not thread-safe. The file stays open until the object is disposed. See https://huggingface.co/docs/safetensors for the format.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int BlockBytes = 1 << 20;

    private readonly FileStream _file;
    private readonly Dictionary<string, SafetensorsEntry> _entries;
    private string? _sha256;

    private SafetensorsFile(FileStream file, string path, Dictionary<string, SafetensorsEntry> entries, Dictionary<string, string> metadata)
    {
        _file = file;
        _entries = entries;
        Path = path;
        Metadata = metadata;
    }

    /// <summary>The file's path, as given.</summary>
    public string Path { get; }

    /// <summary>The text under <c>__metadata__</c>; empty where the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _entries;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is truncated, or its header is wrong; the message names the tensor, what was expected and what was found.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            (Dictionary<string, SafetensorsEntry> entries, Dictionary<string, string> metadata) = SafetensorsHeader.Read(file, path);
            return new SafetensorsFile(file, path, entries, metadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads one tensor.</summary>
    /// <param name="name">A name in <see cref="Entries"/>.</param>
    /// <returns>A new CPU tensor of the stored type, in the caller's dispose scope.</returns>
    /// <exception cref="InvalidDataException">There is no such tensor, or the file changed while it was open.</exception>
    public Tensor Read(string name)
    {
        if (!_entries.TryGetValue(name, out SafetensorsEntry? entry)) throw new InvalidDataException($"'{Path}': there is no tensor '{name}'.");
        return Read(entry, null);
    }

    /// <summary>Reads every wanted tensor and takes the file's SHA-256 on the way: one pass over the file.</summary>
    /// <param name="wanted">Which names to keep; null keeps all.</param>
    /// <returns>New CPU tensors of the stored types by name, in the caller's dispose scope, and the hash in lower-case hexadecimal digits.</returns>
    /// <exception cref="InvalidDataException">The file changed while it was open.</exception>
    public (IReadOnlyDictionary<string, Tensor> Tensors, string Sha256) ReadAll(Func<string, bool>? wanted = null)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        long position = 0;
        // The entries fill the data without holes, so in the order of their offsets they are the rest of the file.
        foreach (SafetensorsEntry entry in _entries.Values.OrderBy(e => e.Offset).ThenBy(e => e.ByteCount))
        {
            if (position < entry.Offset) HashRange(hash, position, entry.Offset);   // the header, before the first entry
            if (wanted is null || wanted(entry.Name)) tensors.Add(entry.Name, Read(entry, hash));
            else HashRange(hash, entry.Offset, entry.Offset + entry.ByteCount);
            position = entry.Offset + entry.ByteCount;
        }
        HashRange(hash, position, _file.Length);
        _sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        return (tensors, _sha256);
    }

    /// <summary>The SHA-256 of the whole file in lower-case hexadecimal digits; read at the first call, unless <see cref="ReadAll"/> was called.</summary>
    public string GetSha256()
    {
        if (_sha256 is not null) return _sha256;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        HashRange(hash, 0, _file.Length);
        return _sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Closes the file. Tensors that were read stay valid.</summary>
    public void Dispose() => _file.Dispose();

    private Tensor Read(SafetensorsEntry entry, IncrementalHash? hash)
    {
        if (entry.ByteCount > int.MaxValue)
            throw new InvalidDataException($"'{Path}': tensor '{entry.Name}': expected at most {int.MaxValue} bytes; found {entry.ByteCount}.");
        Tensor tensor = empty(entry.Shape.ToArray(), entry.Type);
        if (entry.ByteCount == 0) return tensor;
        try
        {
            Span<byte> bytes = tensor.bytes;
            ReadExactly(_file.SafeFileHandle, bytes, entry.Offset);
            hash?.AppendData(bytes);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private void HashRange(IncrementalHash hash, long from, long to)
    {
        byte[] block = new byte[Math.Min(BlockBytes, to - from)];
        while (from < to)
        {
            Span<byte> part = block.AsSpan(0, (int)Math.Min(block.Length, to - from));
            ReadExactly(_file.SafeFileHandle, part, from);
            hash.AppendData(part);
            from += part.Length;
        }
    }

    private void ReadExactly(SafeFileHandle handle, Span<byte> bytes, long offset)
    {
        while (bytes.Length > 0)
        {
            int count = RandomAccess.Read(handle, bytes, offset);
            if (count == 0) throw new InvalidDataException($"'{Path}': expected {bytes.Length} more bytes at {offset}; the file ends there. It changed while it was open.");
            bytes = bytes[count..];
            offset += count;
        }
    }
}
