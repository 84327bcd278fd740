using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Microsoft.ML.Continual.Checkpoints.Pickle;

namespace Microsoft.ML.Continual.Checkpoints.PyTorch;

/// <summary>
/// A file by <c>torch.save</c> of PyTorch 0.2 to 1.5, which later versions write on demand: pickles of a magic number, a version, facts about the machine, the
/// objects, and the storages' keys; then each storage, its length before it. All little-endian.
/// </summary>
internal sealed class TorchLegacyFile : TorchFile
{
    private const long Version = 1001;

    private static readonly BigInteger s_magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private readonly Dictionary<string, (long Offset, long Length)> _storages = new(StringComparer.Ordinal);

    public TorchLegacyFile(ByteSource source)
        : base(source)
    {
        var input = new PickleInput(source, 0, "the pickles");
        var unpickler = new Unpickler(input);
        if (unpickler.Load() is not BigInteger magic || magic != s_magic)
            throw source.Broken("it is a plain pickle; expected a file by torch.save, which begins with PyTorch's magic number");
        if (unpickler.Load() is not Version) throw source.Broken($"expected the version {Version} of torch.save's format; found another");
        unpickler.Load();   // byte order and C's type sizes: storages do not depend on them
        object? root = unpickler.Load();
        long objectsEnd = input.Position;
        List<object?> keys = unpickler.Load() as List<object?> ?? throw source.Broken("expected a list of the storages' keys; found another value");
        FindStorages(keys, unpickler.Storages, input.Position);
        SetRoot(root, objectsEnd);
    }

    public override string Format => "PyTorch legacy file";

    protected override void CheckStorage(string tensor, StorageReference storage)
    {
        if (!_storages.TryGetValue(storage.Key, out (long, long Length) place)) throw Source.Broken($"tensor '{tensor}': there is no storage '{storage.Key}'");
        if (place.Length != ByteCount(storage)) throw Source.Broken($"tensor '{tensor}': expected {ByteCount(storage)} bytes in storage '{storage.Key}'; found {place.Length}");
    }

    protected override void ReadStorage(StorageReference storage, long offset, Span<byte> bytes) => Source.ReadExactly(_storages[storage.Key].Offset + offset, bytes);

    /// <summary>The storages follow the pickles in the order of the keys, each behind the number of its elements.</summary>
    private void FindStorages(List<object?> keys, IReadOnlyDictionary<string, StorageReference> named, long position)
    {
        Span<byte> count = stackalloc byte[sizeof(long)];
        foreach (object? item in keys)
        {
            if (item is not string key || !named.TryGetValue(key, out StorageReference? storage)) throw Source.Broken($"expected the key of a storage that the objects name; found '{item as string ?? "another value"}'");
            Source.ReadExactly(position, count);
            position += count.Length;
            long found = BinaryPrimitives.ReadInt64LittleEndian(count);
            long bytes = ByteCount(storage);
            if (found != storage.Count || bytes > Source.Length - position)
                throw Source.Broken($"storage '{key}': expected {storage.Count} elements ({bytes} bytes) at {position}; found {found} elements and {Source.Length - position} bytes (the file is truncated?)");
            if (!_storages.TryAdd(key, (position, bytes))) throw Source.Broken($"storage '{key}' occurs twice");
            position += bytes;
        }
        if (position != Source.Length) throw Source.Broken($"expected the storages to end with the file at {Source.Length} bytes; they end at {position}");
    }
}
