using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>
/// A file of named tensors, open for reading: safetensors, NumPy's <c>.npz</c>, or what <c>torch.save</c> and <c>torch.jit.save</c> write.
/// What the file says of itself is checked when it is opened; tensors are read when asked for.
/// </summary>
/// <remarks>
/// Nothing in a file is ever executed: pickles go through an interpreter that knows tensors and plain data only, and refuses every other class by name. No length in a
/// file is believed: memory and time are bounded by the file's size. Not thread-safe. The file stays open until the object is disposed.
/// </remarks>
public abstract class CheckpointFile : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private protected const int MaximumReuse = 16;

    private string? _sha256;

    private protected CheckpointFile(ByteSource source) => Source = source;

    /// <summary>The file's path, as given.</summary>
    public string Path => Source.Name;

    /// <summary>The format in words, such as <c>safetensors</c> or <c>PyTorch zip</c>.</summary>
    public abstract string Format { get; }

    /// <summary>Text that goes with the tensors: in safetensors the entries under <c>__metadata__</c>; empty where the file or its format has none.</summary>
    public abstract IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>
    /// The tensors by name. Dictionaries within dictionaries and modules within modules have their names joined by dots, as in <c>model.blocks.0.norm1.weight</c>.
    /// </summary>
    public abstract IReadOnlyDictionary<string, CheckpointEntry> Entries { get; }

    private protected ByteSource Source { get; }

    /// <summary>Opens a file. Its content tells the format; its name does not matter.</summary>
    /// <param name="path">
    /// A safetensors file; a zip of <c>.npy</c> arrays (<c>.npz</c>); a zip by <c>torch.save</c> (PyTorch 1.6 and later); the older file of pickles and storages by
    /// <c>torch.save</c>; or a TorchScript archive, whose parameters are read and whose code is not run.
    /// </param>
    /// <returns>The open file; the caller disposes it.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is of another format, damaged, or names something that is not allowed; the message names the file and the tensor, entry or class, what was expected and what was found.
    /// </exception>
    public static CheckpointFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(ByteSource.Open(path));
    }

    /// <summary>Opens a checkpoint in a stream that can seek; the checkpoint owns it.</summary>
    internal static CheckpointFile Open(Stream stream, string name) => Open(new ByteSource(stream, name));

    /// <summary>Reads one tensor.</summary>
    /// <param name="name">A name in <see cref="Entries"/>.</param>
    /// <returns>A new contiguous CPU tensor of the stored type, in the caller's dispose scope.</returns>
    /// <exception cref="InvalidDataException">There is no such tensor, its bytes are damaged, or the file changed while it was open.</exception>
    public Tensor Read(string name)
    {
        if (!Entries.TryGetValue(name, out CheckpointEntry? entry)) throw Source.Broken($"there is no tensor '{name}'");
        return Read(entry);
    }

    /// <summary>Reads every wanted tensor and takes the file's SHA-256.</summary>
    /// <param name="wanted">Which names to keep; null keeps all.</param>
    /// <returns>New CPU tensors of the stored types by name, in the caller's dispose scope, and the hash in lower-case hexadecimal digits.</returns>
    /// <exception cref="InvalidDataException">A tensor's bytes are damaged, or the file changed while it was open.</exception>
    public virtual (IReadOnlyDictionary<string, Tensor> Tensors, string Sha256) ReadAll(Func<string, bool>? wanted = null)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (CheckpointEntry entry in Entries.Values)
                if (wanted is null || wanted(entry.Name)) tensors.Add(entry.Name, Read(entry));
            return (tensors, GetSha256());
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values) tensor.Dispose();
            throw;
        }
    }

    /// <summary>The SHA-256 of the whole file in lower-case hexadecimal digits; read at the first call, unless <see cref="ReadAll"/> was called.</summary>
    public string GetSha256()
    {
        if (_sha256 is not null) return _sha256;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        HashRange(hash, 0, Source.Length);
        return SetSha256(hash);
    }

    /// <summary>Closes the file. Tensors that were read stay valid.</summary>
    public void Dispose()
    {
        Source.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract Tensor Read(CheckpointEntry entry);

    private protected string SetSha256(IncrementalHash hash) => _sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());

    private protected void HashRange(IncrementalHash hash, long from, long to)
    {
        byte[] block = new byte[Math.Min(BlockBytes, to - from)];
        while (from < to)
        {
            Span<byte> part = block.AsSpan(0, (int)Math.Min(block.Length, to - from));
            Source.ReadExactly(from, part);
            hash.AppendData(part);
            from += part.Length;
        }
    }

    /// <summary>Makes a tensor and lets <paramref name="fill"/> write its bytes.</summary>
    private protected Tensor Fill(string name, IReadOnlyList<long> shape, ScalarType type, Action<Span<byte>> fill)
    {
        long bytes = TensorBytes.Count(shape, TensorBytes.Size(type)) ?? long.MaxValue;
        if (bytes > int.MaxValue) throw Source.Broken($"tensor '{name}': expected at most {int.MaxValue} bytes; found {bytes}");
        Tensor tensor = empty(shape.ToArray(), type);
        if (bytes == 0) return tensor;
        try
        {
            fill(tensor.bytes);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Tensors that share bytes are read one by one: together they may not take many times the file's size.</summary>
    private protected void CheckTotal(long bytes)
    {
        if (bytes / MaximumReuse > Source.Length)
            throw Source.Broken($"the tensors share their bytes: expected at most {MaximumReuse} times the file's {Source.Length} bytes together; found {bytes}");
    }

    private static CheckpointFile Open(ByteSource source)
    {
        try
        {
            return CheckpointFormats.Open(source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }
}
