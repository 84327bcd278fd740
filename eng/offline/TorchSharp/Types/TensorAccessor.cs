using System.Collections;
using System.Runtime.CompilerServices;

namespace TorchSharp.Utils;

/// <summary>The elements of a tensor on the CPU in row-major order, whatever its strides are. It reads and writes the tensor's own memory.</summary>
public sealed class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor tensor;
    private readonly long[] shape, strides;
    private readonly bool contiguous;
    private bool disposed;

    internal TensorAccessor(torch.Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU)
            throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
        this.tensor = tensor; // not a reference of its own: after the tensor is disposed, access throws
        shape = tensor.shape;
        strides = tensor.stride();
        contiguous = tensor.is_contiguous();
        Count = tensor.NumberOfElements;
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    public unsafe T this[params long[] indices]
    {
        get => *Address(indices);
        set => *Address(indices) = value;
    }

    private unsafe T* Start
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return (T*)tensor.DataPointer;
        }
    }

    private unsafe T* Address(long[] indices)
    {
        long offset = 0;
        if (indices.Length == 1 && shape.Length != 1)
        {
            if ((ulong)indices[0] >= (ulong)Count) throw new IndexOutOfRangeException();
            offset = Offset(indices[0]);
        }
        else
        {
            if (indices.Length != shape.Length) throw new ArgumentException($"{indices.Length} indices for a tensor of {shape.Length} dimensions");
            for (int i = 0; i < indices.Length; i++)
            {
                if ((ulong)indices[i] >= (ulong)shape[i]) throw new IndexOutOfRangeException();
                offset += indices[i] * strides[i];
            }
        }
        return Start + offset;
    }

    // The place in memory of the row-major index.
    private long Offset(long index)
    {
        if (contiguous) return index;
        long offset = 0;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            (index, long rest) = Math.DivRem(index, shape[i]);
            offset += rest * strides[i];
        }
        return offset;
    }

    public unsafe T[] ToArray()
    {
        if (Count > Array.MaxLength) throw new InvalidOperationException("The tensor has more elements than an array can hold.");
        var result = new T[Count];
        if (Count > 0 || shape.Length > 1) CopyTo(result.AsSpan());   // as TorchSharp: an empty vector gives an empty array, an empty matrix throws
        return result;
    }

    public Array ToNDArray()
    {
        if (shape.Length == 0) return ToArray();
        var result = Array.CreateInstance(typeof(T), shape);
        T[] flat = ToArray();
        Buffer.BlockCopy(flat, 0, result, 0, flat.Length * Unsafe.SizeOf<T>());
        return result;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public unsafe void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        if (tensorIndex < 0 || tensorIndex >= Count) throw new ArgumentOutOfRangeException("startingIndex");
        T* start = Start;
        var target = array[arrayIndex..];
        long count = Math.Min(target.Length, Count - tensorIndex);
        if (count <= 0) return;
        if (contiguous) new Span<T>(start + tensorIndex, (int)count).CopyTo(target);
        else for (int i = 0; i < count; i++) target[i] = start[Offset(tensorIndex + i)];
        GC.KeepAlive(this);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public unsafe void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        T* start = Start;
        var source = array[arrayIndex..];
        long count = Math.Min(source.Length, Count - tensorIndex);
        if (count <= 0) return;
        if (contiguous) source[..(int)count].CopyTo(new Span<T>(start + tensorIndex, (int)count));
        else for (int i = 0; i < count; i++) start[Offset(tensorIndex + i)] = source[i];
        GC.KeepAlive(this);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++) yield return At(i);
    }

    private unsafe T At(long index) => Start[Offset(index)];

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public static bool operator ==(TensorAccessor<T> left, TensorAccessor<T> right) => left.Count == right.Count && left.SequenceEqual(right);

    public static bool operator !=(TensorAccessor<T> left, TensorAccessor<T> right) => !(left == right);

    public override bool Equals(object? obj) => obj is TensorAccessor<T> other && this == other;

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    /// <summary>Ends the access; the tensor stays.</summary>
    public void Dispose() => disposed = true;
}
