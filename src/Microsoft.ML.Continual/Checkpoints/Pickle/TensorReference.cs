using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>A tensor as a pickle describes it. Checked: its elements lie within its storage and are no more than stand there.</summary>
/// <param name="Storage">Where its elements are.</param>
/// <param name="Type">Their type.</param>
/// <param name="Offset">The place of the first in the storage, in elements.</param>
/// <param name="Shape">The sizes.</param>
/// <param name="Strides">The distance between neighbours along each dimension, in elements.</param>
/// <param name="Extent">The number of elements from the first to the last in the storage; 0 where there are none.</param>
internal sealed record TensorReference(StorageReference Storage, ScalarType Type, long Offset, long[] Shape, long[] Strides, long Extent)
{
    /// <summary>Whether the elements stand in the storage side by side in C order.</summary>
    public bool IsContiguous
    {
        get
        {
            if (Extent == 0) return true;
            long expected = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected) return false;
                expected *= Shape[i];
            }
            return true;
        }
    }

    /// <summary>Makes a reference of what a pickle says.</summary>
    /// <exception cref="FormatException">It does not fit; the message says what was expected and what was found.</exception>
    public static TensorReference Create(StorageReference storage, ScalarType type, long offset, long[] shape, long[] strides)
    {
        int size = TensorBytes.Size(type);
        long available = storage.Type is null ? storage.Count / size : storage.Count;
        string sizes = $"shape {TensorBytes.Text(shape)}, strides {TensorBytes.Text(strides)} and offset {offset}";
        if (TensorBytes.Count(shape, size) is not { } bytes || offset < 0 || strides.Length != shape.Length || strides.Any(s => s < 0))
            throw new FormatException($"expected a tensor's sizes, as many strides, and an offset of at least 0; found {sizes}");
        if (bytes == 0) return new TensorReference(storage, type, 0, shape, strides, 0);
        Int128 last = offset;
        for (int i = 0; i < shape.Length; i++)
            last = Int128.Min(last + (Int128)(shape[i] - 1) * strides[i], long.MaxValue);
        if (last >= available) throw new FormatException($"expected a tensor within its storage '{storage.Key}' of {available} elements; found {sizes}");
        long extent = (long)last - offset + 1;
        if (bytes / size > extent) throw new FormatException($"expected a tensor of at most the {extent} elements that it covers in its storage '{storage.Key}'; found {bytes / size}, which repeat them ({sizes})");
        return new TensorReference(storage, type, offset, shape, strides, extent);
    }
}
