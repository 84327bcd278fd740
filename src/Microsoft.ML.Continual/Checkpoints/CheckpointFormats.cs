using Microsoft.ML.Continual.Checkpoints.Numpy;
using Microsoft.ML.Continual.Checkpoints.PyTorch;
using Microsoft.ML.Continual.Checkpoints.Zip;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>Tells formats apart by their first bytes, and zips by their entries.</summary>
internal static class CheckpointFormats
{
    private const int TarMagicOffset = 257;
    private const byte PickleProtocol = 0x80;
    private const string Understood = "safetensors, .npz, what torch.save writes, or a TorchScript archive";

    // Formats that people take for checkpoints, or that checkpoints come wrapped in.
    private static readonly (byte[] Magic, string What)[] s_foreign =
    [
        ([0x93, .. "NUMPY"u8], "a single .npy array, which has no name; save the arrays by name with numpy.savez"),
        ([0x89, .. "HDF\r\n"u8], "an HDF5 file, as Keras writes it"),
        ([0x1f, 0x8b], "compressed by gzip; unpack it first"),
        ([.. "7z"u8, 0xbc, 0xaf], "a 7z archive; unpack it first"),
        ([.. "Rar!"u8], "a RAR archive; unpack it first"),
    ];

    /// <summary>Opens the checkpoint. The caller disposes the source if that fails.</summary>
    public static CheckpointFile Open(ByteSource source)
    {
        byte[] start = source.ReadBytes(0, (int)Math.Min(source.Length, TarMagicOffset + 5));
        if (start.AsSpan().StartsWith("PK\x03\x04"u8) || start.AsSpan().StartsWith("PK\x05\x06"u8)) return OpenZip(source);
        if (start.Length > 8 && start[8] == '{') return new SafetensorsFile(source);
        if (start.Length > 0 && start[0] == PickleProtocol) return new TorchLegacyFile(source);
        if (start.Length > TarMagicOffset && start.AsSpan(TarMagicOffset).StartsWith("ustar"u8))
            throw source.Broken("it is a tar archive. The tar layout that PyTorch wrote before version 0.2 is not read: load it in PyTorch and save it again");
        foreach ((byte[] magic, string what) in s_foreign)
            if (start.AsSpan().StartsWith(magic)) throw source.Broken($"expected {Understood}; found {what}");
        string found = start.Length == 0 ? "an empty file" : $"{source.Length} bytes that begin with {Convert.ToHexStringLower(start.AsSpan(0, Math.Min(start.Length, 9)))}";
        throw source.Broken($"expected {Understood}; found {found} (the file is truncated, or of another format)");
    }

    private static CheckpointFile OpenZip(ByteSource source)
    {
        ZipDirectory zip = ZipDirectory.Read(source);
        if (zip.Entries.Keys.Any(n => n.EndsWith("/data.pkl", StringComparison.Ordinal))) return new TorchZipFile(source, zip);
        if (zip.Entries.Keys.Any(n => n.EndsWith("/model.json", StringComparison.Ordinal)))
            throw source.Broken("it is a TorchScript archive of PyTorch before 1.4 (it has a model.json), whose layout is not read: load it in PyTorch and save it again");
        if (zip.Entries.Count > 0 && zip.Entries.Keys.All(n => n.EndsWith(NpzFile.Extension, StringComparison.Ordinal))) return new NpzFile(source, zip);
        string entries = string.Join(", ", zip.Entries.Keys.Take(3).Select(n => $"'{n}'"));
        throw source.Broken($"it is a zip, but neither of .npy arrays alone nor by torch.save (it has no data.pkl in a folder); found {(entries.Length == 0 ? "no entry" : $"{zip.Entries.Count} entries: {entries}")}");
    }
}
