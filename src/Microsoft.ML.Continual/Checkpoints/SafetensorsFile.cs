using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>
/// A safetensors file, open for reading. The header is checked against the file when it is opened; tensors are read when asked for.
/// </summary>
/// <remarks>Not thread-safe. The file stays open until the object is disposed. See https://huggingface.co/docs/safetensors for the format.</remarks>
public sealed class SafetensorsFile : CheckpointFile
{
    private readonly Dictionary<string, CheckpointEntry> _entries;
    private readonly Dictionary<string, string> _metadata;

    /// <summary>Checks the header. The caller disposes the source if that fails.</summary>
    internal SafetensorsFile(ByteSource source)
        : base(source) => (_entries, _metadata) = SafetensorsHeader.Read(source);

    /// <inheritdoc/>
    public override string Format => "safetensors";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, CheckpointEntry> Entries => _entries;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is truncated, or its header is wrong; the message names the tensor, what was expected and what was found.</exception>
    public static new SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ByteSource source = ByteSource.Open(path);
        try
        {
            return new SafetensorsFile(source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>One pass over the file.</remarks>
    public override (IReadOnlyDictionary<string, Tensor> Tensors, string Sha256) ReadAll(Func<string, bool>? wanted = null)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            long position = 0;
            // The entries fill the data without holes, so in the order of their offsets they are the rest of the file.
            foreach (SafetensorsEntry entry in _entries.Values.Cast<SafetensorsEntry>().OrderBy(e => e.Offset).ThenBy(e => e.ByteCount))
            {
                if (position < entry.Offset) HashRange(hash, position, entry.Offset);   // the header, before the first entry
                if (wanted is null || wanted(entry.Name)) tensors.Add(entry.Name, Read(entry, hash));
                else HashRange(hash, entry.Offset, entry.Offset + entry.ByteCount);
                position = entry.Offset + entry.ByteCount;
            }
            HashRange(hash, position, Source.Length);
            return (tensors, SetSha256(hash));
        }
        catch
        {
            foreach (Tensor tensor in tensors.Values) tensor.Dispose();
            throw;
        }
    }

    private protected override Tensor Read(CheckpointEntry entry) => Read((SafetensorsEntry)entry, null);

    private Tensor Read(SafetensorsEntry entry, IncrementalHash? hash) => Fill(entry.Name, entry.Shape, entry.Type, bytes =>
    {
        Source.ReadExactly(entry.Offset, bytes);
        hash?.AppendData(bytes);
    });
}
