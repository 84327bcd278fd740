namespace Microsoft.ML.Data;

/// <summary>A vector being written: fill <see cref="Values"/> (and <see cref="Indices"/> where sparse), then <see cref="Commit"/>.</summary>
/// <typeparam name="T">The type of an element.</typeparam>
public readonly ref struct VBufferEditor<T>
{
    private readonly int _length;
    private readonly T[] _values;
    private readonly int[] _indices;

    /// <summary>The values to write.</summary>
    public readonly Span<T> Values;

    /// <summary>The indices to write, rising; empty where dense.</summary>
    public readonly Span<int> Indices;

    internal VBufferEditor(int length, int count, T[] values, int[] indices, bool indicesOnDense, bool newValues, bool newIndices)
    {
        _length = length;
        _values = values;
        _indices = indices;
        Values = values.AsSpan(0, count);
        Indices = count < length || indicesOnDense ? indices.AsSpan(0, count) : default;
        CreatedNewValues = newValues;
        CreatedNewIndices = newIndices;
    }

    /// <summary>True if the old value array was too small.</summary>
    public bool CreatedNewValues { get; }

    /// <summary>True if the old index array was too small.</summary>
    public bool CreatedNewIndices { get; }

    /// <summary>The vector over what was written.</summary>
    public VBuffer<T> Commit() => new(_length, Values.Length, _values, _indices);

    /// <summary>The vector over the first values only.</summary>
    public VBuffer<T> CommitTruncated(int physicalValuesCount)
    {
        Errors.CheckParam(physicalValuesCount <= Values.Length, nameof(physicalValuesCount), "Cannot be greater than the number of values asked for.");
        return new(_length, physicalValuesCount, _values, _indices);
    }
}
