using System.Collections;

namespace Microsoft.ML.Data;

/// <summary>
/// A vector of known length, dense or sparse, over arrays that may be longer than needed and are reused from row to row:
/// copy what must outlive the next call of the getter.
/// </summary>
/// <typeparam name="T">The type of an element.</typeparam>
public readonly struct VBuffer<T> : IEnumerable
{
    private readonly T[] _values;
    private readonly int[] _indices;
    private readonly int _count;

    /// <summary>The logical length.</summary>
    public readonly int Length;

    /// <summary>A dense vector over the first <paramref name="length"/> values. The array is kept, not copied.</summary>
    public VBuffer(int length, T[] values, int[] indices = null)
    {
        Errors.CheckParam(length >= 0, nameof(length), "Must be non-negative.");
        Errors.CheckParam((values?.Length ?? 0) >= length, nameof(values), "Too few values.");
        Length = length;
        _count = length;
        _values = values;
        _indices = indices;
    }

    /// <summary>A vector with <paramref name="count"/> explicit values at rising indices. The arrays are kept, not copied.</summary>
    public VBuffer(int length, int count, T[] values, int[] indices)
    {
        Errors.CheckParam(length >= 0, nameof(length), "Must be non-negative.");
        Errors.CheckParam(count >= 0 && count <= length, nameof(count), "Must be between 0 and the length.");
        Errors.CheckParam((values?.Length ?? 0) >= count, nameof(values), "Too few values.");
        Errors.CheckParam(count == length || (indices?.Length ?? 0) >= count, nameof(indices), "Too few indices.");
        Length = length;
        _count = count;
        _values = values;
        _indices = indices;
    }

    /// <summary>True if each element is explicit.</summary>
    public bool IsDense => _count == Length;

    /// <summary>The explicit values; all of them where dense.</summary>
    public ReadOnlySpan<T> GetValues() => _values.AsSpan(0, _count);

    /// <summary>The indices of the explicit values; empty where dense.</summary>
    public ReadOnlySpan<int> GetIndices() => IsDense ? default : _indices.AsSpan(0, _count);

    /// <summary>Copies into a dense vector, whose arrays are reused.</summary>
    public void CopyToDense(ref VBuffer<T> destination)
    {
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, Length);
        CopyTo(editor.Values);
        destination = editor.Commit();
    }

    /// <summary>Copies, dense to dense and sparse to sparse; the destination's arrays are reused.</summary>
    public void CopyTo(ref VBuffer<T> destination) => CopyTo(ref destination, 0, Length);

    /// <summary>Copies a range, dense to dense and sparse to sparse.</summary>
    public void CopyTo(ref VBuffer<T> destination, int sourceIndex, int length)
    {
        Errors.CheckParam(sourceIndex >= 0 && sourceIndex <= Length, nameof(sourceIndex), "Outside the vector.");
        Errors.CheckParam(length >= 0 && sourceIndex <= Length - length, nameof(length), "Outside the vector.");
        if (IsDense)
        {
            VBufferEditor<T> dense = VBufferEditor.Create(ref destination, length);
            _values.AsSpan(sourceIndex, length).CopyTo(dense.Values);
            destination = dense.Commit();
            return;
        }
        int from = LowerBound(sourceIndex);
        int to = LowerBound(sourceIndex + length);
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length, to - from);
        _values.AsSpan(from, to - from).CopyTo(editor.Values);
        if (to - from < length)
        {
            for (int i = from; i < to; i++)
                editor.Indices[i - from] = _indices[i] - sourceIndex;
        }
        destination = editor.Commit();
    }

    /// <summary>Writes all <see cref="Length"/> elements, defaults where sparse.</summary>
    public void CopyTo(Span<T> destination) => CopyTo(destination, 0);

    /// <summary>Writes all <see cref="Length"/> elements from a position on; implicit ones as <paramref name="defaultValue"/>.</summary>
    public void CopyTo(Span<T> destination, int destinationIndex, T defaultValue = default)
    {
        Errors.CheckParam(destinationIndex >= 0 && destinationIndex <= destination.Length - Length, nameof(destination), "Not large enough to hold these values.");
        Span<T> target = destination.Slice(destinationIndex, Length);
        if (IsDense)
        {
            _values.AsSpan(0, Length).CopyTo(target);
            return;
        }
        target.Fill(defaultValue);
        for (int i = 0; i < _count; i++)
            target[_indices[i]] = _values[i];
    }

    /// <summary>Makes the destination a dense copy of a range of an array.</summary>
    public static void Copy(T[] source, int sourceIndex, ref VBuffer<T> destination, int length)
    {
        int size = source?.Length ?? 0;
        Errors.CheckParam(length >= 0 && length <= size, nameof(length), "Outside the array.");
        Errors.CheckParam(sourceIndex >= 0 && sourceIndex <= size - length, nameof(sourceIndex), "Outside the array.");
        VBufferEditor<T> editor = VBufferEditor.Create(ref destination, length);
        source.AsSpan(sourceIndex, length).CopyTo(editor.Values);
        destination = editor.Commit();
    }

    /// <summary>Index and value of the explicit elements, or of all.</summary>
    public IEnumerable<KeyValuePair<int, T>> Items(bool all = false)
    {
        (T[] values, int[] indices, int count, int length) = (_values, _indices, _count, Length);
        return Enumerate();

        IEnumerable<KeyValuePair<int, T>> Enumerate()
        {
            if (count == length || !all)
            {
                for (int i = 0; i < count; i++)
                    yield return new KeyValuePair<int, T>(count == length ? i : indices[i], values[i]);
                yield break;
            }
            for (int slot = 0, i = 0; slot < length; slot++)
                yield return new KeyValuePair<int, T>(slot, i < count && indices[i] == slot ? values[i++] : default);
        }
    }

    /// <summary>All elements in order, defaults where sparse.</summary>
    public IEnumerable<T> DenseValues() => Items(all: true).Select(item => item.Value);

    /// <summary>One element.</summary>
    public void GetItemOrDefault(int index, ref T destination) => destination = GetItemOrDefault(index);

    /// <summary>One element.</summary>
    public T GetItemOrDefault(int index)
    {
        Errors.CheckParam(index >= 0 && index < Length, nameof(index), "Outside the vector.");
        if (IsDense)
            return _values[index];
        int at = _count == 0 ? -1 : Array.BinarySearch(_indices, 0, _count, index);
        return at < 0 ? default : _values[at];
    }

    /// <inheritdoc/>
    public override string ToString() =>
        IsDense ? $"Dense vector of size {Length}" : $"Sparse vector of size {Length}, {_count} explicit values";

    /// <summary>For debuggers and collection initialisers; use <see cref="Items"/> or <see cref="DenseValues"/>.</summary>
    public IEnumerator GetEnumerator() => (_values ?? []).GetEnumerator();

    internal VBufferEditor<T> Edit(int length, int? count, int? capacity, bool keepOld, bool indicesOnDense)
    {
        Errors.CheckParam(length >= 0, nameof(length), "Must be non-negative.");
        Errors.CheckParam(count is null or >= 0, nameof(count), "If specified, must be non-negative.");
        Errors.CheckParam(count is null || count <= length, nameof(count), "If specified, must be no greater than the new logical length");
        int physical = count ?? length;
        T[] values = _values;
        int[] indices = _indices;
        bool newValues = Grow(ref values, physical, capacity, keepOld);
        bool newIndices = (physical < length || indicesOnDense) && Grow(ref indices, physical, capacity, keepOld);
        return new VBufferEditor<T>(length, physical, values, indices, indicesOnDense, newValues, newIndices);
    }

    internal VBufferEditor<T> Edit() => Edit(Length, _count, null, keepOld: false, indicesOnDense: false);

    private static bool Grow<TItem>(ref TItem[] array, int size, int? capacity, bool keepOld)
    {
        if ((array?.Length ?? 0) >= size)
        {
            array ??= [];
            return false;
        }
        var grown = new TItem[keepOld ? Math.Max(size, Math.Min((array?.Length ?? 0) * 2, capacity ?? int.MaxValue)) : size];
        if (keepOld)
            array?.CopyTo(grown, 0);
        array = grown;
        return true;
    }

    private int LowerBound(int index)
    {
        int at = _count == 0 ? 0 : Array.BinarySearch(_indices, 0, _count, index);
        return at < 0 ? ~at : at;
    }
}
