using Microsoft.ML.Continual.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.PyTorch;

/// <summary>What PyTorch's formats share: tensors that a pickle describes as parts of storages.</summary>
internal abstract class TorchFile : CheckpointFile
{
    private readonly Dictionary<string, CheckpointEntry> _entries = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, TensorReference> _references = new Dictionary<string, TensorReference>();

    protected TorchFile(ByteSource source)
        : base(source)
    {
    }

    public override IReadOnlyDictionary<string, string> Metadata => System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    public override IReadOnlyDictionary<string, CheckpointEntry> Entries => _entries;

    /// <summary>Whether an element's bytes begin with the highest.</summary>
    protected bool BigEndian { get; init; }

    /// <summary>Takes the tensors of the unpickled checkpoint.</summary>
    protected void SetRoot(object? root, long pickleLength)
    {
        _references = TorchTensors.Find(root, Source, pickleLength);
        long total = 0;
        foreach ((string name, TensorReference tensor) in _references)
        {
            _entries.Add(name, new CheckpointEntry(name, tensor.Type, tensor.Shape));
            // What reading it takes: all that lies between its first element and its last, of which it has no more.
            total = Math.Min(total + tensor.Extent * TensorBytes.Size(tensor.Type), long.MaxValue / 2);
            CheckStorage(name, tensor.Storage);
        }
        CheckTotal(total);
    }

    /// <summary>The number of a storage's bytes.</summary>
    protected static long ByteCount(StorageReference storage)
    {
        int size = storage.Type is { } type ? TensorBytes.Size(type) : 1;
        return storage.Count > long.MaxValue / size ? long.MaxValue : storage.Count * size;
    }

    /// <summary>Checks that the file has a storage and that it is as long as the pickle says.</summary>
    protected abstract void CheckStorage(string tensor, StorageReference storage);

    /// <summary>Reads bytes of a storage that was checked.</summary>
    protected abstract void ReadStorage(StorageReference storage, long offset, Span<byte> bytes);

    private protected override Tensor Read(CheckpointEntry entry)
    {
        TensorReference reference = _references[entry.Name];
        int size = TensorBytes.Size(reference.Type);
        // Elements that do not stand side by side: the part of the storage from the first to the last, and a view of that.
        bool contiguous = reference.IsContiguous;
        Tensor tensor = Fill(entry.Name, contiguous ? reference.Shape : [reference.Extent], reference.Type, bytes =>
        {
            ReadStorage(reference.Storage, reference.Offset * size, bytes);
            if (BigEndian) TensorBytes.Reverse(bytes, size);
        });
        if (contiguous) return tensor;
        using (tensor)
        {
            using Tensor view = tensor.as_strided(reference.Shape, reference.Strides);
            Tensor result = empty(reference.Shape, reference.Type);
            result.copy_(view);
            return result;
        }
    }
}
