using Microsoft.ML.Continual.Checkpoints.Zip;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Numpy;

/// <summary>A zip of .npy arrays, as <c>numpy.savez</c> and Google's vision transformers have it. Names are the entries' without <c>.npy</c>.</summary>
internal sealed class NpzFile : CheckpointFile
{
    public const string Extension = ".npy";

    private readonly ZipDirectory _zip;
    private readonly Dictionary<string, CheckpointEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NpyHeader> _headers = new(StringComparer.Ordinal);

    public NpzFile(ByteSource source, ZipDirectory zip)
        : base(source)
    {
        _zip = zip;
        foreach (ZipEntry entry in zip.Entries.Values)
        {
            string name = entry.Name[..^Extension.Length];
            using ZipEntryReader reader = zip.Open(entry);
            NpyHeader header = ReadHeader(reader, entry);
            _headers.Add(name, header);
            _entries.Add(name, new CheckpointEntry(name, header.Type, header.Shape));
        }
    }

    public override string Format => "npz";

    public override IReadOnlyDictionary<string, string> Metadata => System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    public override IReadOnlyDictionary<string, CheckpointEntry> Entries => _entries;

    private protected override Tensor Read(CheckpointEntry entry)
    {
        NpyHeader header = _headers[entry.Name];
        ZipEntry zipped = _zip.Entries[entry.Name + Extension];
        using ZipEntryReader reader = _zip.Open(zipped);
        ReadHeader(reader, zipped);
        // In Fortran order the bytes are those of the transposed array in C order.
        long[] shape = header.FortranOrder ? [.. header.Shape.Reverse()] : header.Shape;
        Tensor tensor = Fill(entry.Name, shape, header.Type, bytes =>
        {
            reader.ReadExactly(bytes);
            reader.Finish();
            if (header.BigEndian) TensorBytes.Reverse(bytes, TensorBytes.Size(header.Type));
        });
        if (!header.FortranOrder || shape.Length < 2) return tensor;
        using (tensor)
        {
            using Tensor turned = tensor.permute([.. Enumerable.Range(0, shape.Length).Reverse().Select(i => (long)i)]);
            Tensor result = empty(header.Shape, header.Type);
            result.copy_(turned);
            return result;
        }
    }

    private NpyHeader ReadHeader(ZipEntryReader reader, ZipEntry entry)
    {
        try
        {
            return NpyHeader.Read(bytes => reader.ReadExactly(bytes), entry.Size);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"'{Path}': the array '{entry.Name}': {e.Message}.", e);
        }
    }
}
