using Microsoft.ML.Continual.Checkpoints.Pickle;
using Microsoft.ML.Continual.Checkpoints.Zip;

namespace Microsoft.ML.Continual.Checkpoints.PyTorch;

/// <summary>
/// A zip by <c>torch.save</c> (PyTorch 1.6 and later) or <c>torch.jit.save</c> (1.4 and later): one folder with <c>data.pkl</c>, the pickle, and <c>data/KEY</c>, the storages. A
/// TorchScript archive also has <c>code/</c> and <c>constants.pkl</c>, which are not looked at.
/// </summary>
internal sealed class TorchZipFile : TorchFile
{
    private const string PickleName = "data.pkl";

    private readonly ZipDirectory _zip;
    private readonly string _folder;
    private readonly HashSet<string> _verified = new(StringComparer.Ordinal);

    public TorchZipFile(ByteSource source, ZipDirectory zip)
        : base(source)
    {
        _zip = zip;
        string[] pickles = [.. zip.Entries.Keys.Where(n => n.EndsWith("/" + PickleName, StringComparison.Ordinal) && n.IndexOf('/') == n.Length - PickleName.Length - 1)];
        if (pickles.Length != 1) throw source.Broken($"expected one {PickleName} in a folder of the zip; found {pickles.Length}");
        _folder = pickles[0][..^PickleName.Length];
        bool torchScript = zip.Entries.Keys.Any(n => n == _folder + "constants.pkl" || n.StartsWith(_folder + "code/", StringComparison.Ordinal));
        Format = torchScript ? "TorchScript archive" : "PyTorch zip";
        BigEndian = ReadByteOrder();

        using var pickle = new ByteSource(new MemoryStream(zip.ReadBytes(zip.Entries[pickles[0]])), source.Name);
        SetRoot(new Unpickler(new PickleInput(pickle, 0, $"'{pickles[0]}'"), torchScript).Load(), pickle.Length);
    }

    public override string Format { get; }

    protected override void CheckStorage(string tensor, StorageReference storage)
    {
        string name = EntryName(storage);
        if (!_zip.Entries.TryGetValue(name, out ZipEntry? entry)) throw Source.Broken($"tensor '{tensor}': expected its bytes in the zip's entry '{name}'; there is none");
        if (entry.Deflated) throw Source.Broken($"tensor '{tensor}': expected its bytes in the zip's entry '{name}' stored, as PyTorch writes them; found them compressed");
        if (entry.Size != ByteCount(storage)) throw Source.Broken($"tensor '{tensor}': expected {ByteCount(storage)} bytes in the zip's entry '{name}'; found {entry.Size}");
    }

    protected override void ReadStorage(StorageReference storage, long offset, Span<byte> bytes)
    {
        ZipEntry entry = _zip.Entries[EntryName(storage)];
        if (offset == 0 && bytes.Length == entry.Size)
        {
            using ZipEntryReader whole = _zip.Open(entry);
            whole.ReadExactly(bytes);
            whole.Finish();
            _verified.Add(entry.Name);
            return;
        }
        if (_verified.Add(entry.Name))   // the checksum is of the whole storage
        {
            using ZipEntryReader whole = _zip.Open(entry);
            whole.Finish();
        }
        Source.ReadExactly(entry.DataOffset + offset, bytes);
    }

    private string EntryName(StorageReference storage) => $"{_folder}data/{storage.Key}";

    private bool ReadByteOrder()
    {
        if (!_zip.Entries.TryGetValue(_folder + "byteorder", out ZipEntry? entry)) return false;
        string order = entry.Size > 16 ? $"{entry.Size} bytes" : System.Text.Encoding.UTF8.GetString(_zip.ReadBytes(entry));
        return order == "big" || (order == "little" ? false : throw Source.Broken($"the zip's entry '{entry.Name}': expected 'little' or 'big'; found '{order}'"));
    }
}
