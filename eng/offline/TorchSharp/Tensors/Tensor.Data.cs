using System.Runtime.CompilerServices;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The memory of a contiguous tensor on the CPU. The exceptions are of the kinds that TorchSharp throws.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                Meta meta = Read();
                long length = meta.Count * meta.ElementSize;
                if (meta.IsContiguous == 0) throw new NotImplementedException("Bytes() called on non-contiguous tensor.");
                if (meta.DeviceType != (int)DeviceType.CPU) throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
                if (length > int.MaxValue) throw new NotImplementedException("Span size is limited to 2 GiB.");
                return new Span<byte>(meta.Data, (int)length);
            }
            set
            {
                Span<byte> target = bytes;
                if (value.Length != target.Length) throw new ArgumentException("Mismatched data sizes in SetBytes().");
                value.CopyTo(target);
            }
        }

        /// <summary>The elements of a tensor on the CPU, of any strides.</summary>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            CheckElementType(typeof(T));
            return new TensorAccessor<T>(this);
        }

        private void CheckElementType(Type type)
        {
            ScalarType mine = dtype;
            Type expected = mine switch
            {
                ScalarType.Byte => typeof(byte),
                ScalarType.Int8 => typeof(sbyte),
                ScalarType.Int16 => typeof(short),
                ScalarType.Int32 => typeof(int),
                ScalarType.Int64 => typeof(long),
                ScalarType.Float16 => typeof(Half),
                ScalarType.Float32 => typeof(float),
                ScalarType.Float64 => typeof(double),
                ScalarType.Bool => typeof(bool),
                ScalarType.ComplexFloat64 => typeof(System.Numerics.Complex),
                _ => throw new ArgumentException($"No data type of .NET stands for {mine}; convert the tensor first."),
            };
            if (type != expected) throw new ArgumentException($"{type} is not compatible with {mine}");
        }

        /// <summary>The value of a tensor of one element.</summary>
        public T item<T>() where T : unmanaged
        {
            if (NumberOfElements != 1) throw new ArgumentException($"item() called on a tensor with {NumberOfElements} elements; one is expected.");
            CheckElementType(typeof(T));
            Cell cell = Item();
            if (typeof(T) == typeof(float)) return As<float, T>((float)cell.Number);
            if (typeof(T) == typeof(double)) return As<double, T>(cell.Number);
            if (typeof(T) == typeof(Half)) return As<Half, T>((Half)cell.Number);
            if (typeof(T) == typeof(long)) return As<long, T>(cell.Integer);
            if (typeof(T) == typeof(int)) return As<int, T>((int)cell.Integer);
            if (typeof(T) == typeof(short)) return As<short, T>((short)cell.Integer);
            if (typeof(T) == typeof(sbyte)) return As<sbyte, T>((sbyte)cell.Integer);
            if (typeof(T) == typeof(byte)) return As<byte, T>((byte)cell.Integer);
            if (typeof(T) == typeof(bool)) return As<bool, T>(cell.Integer != 0);
            throw new NotSupportedException($"item<{typeof(T)}>() is not supported.");

            static TTo As<TFrom, TTo>(TFrom value) => Unsafe.As<TFrom, TTo>(ref value);
        }

        public Scalar ToScalar() => new(Item(), dtype);

        private unsafe Cell Item()
        {
            Cell cell;
            Shim.Check(Shim.ct_item(Handle, &cell));
            GC.KeepAlive(this);
            return cell;
        }

        internal unsafe void CopyOut<T>(Span<T> destination) where T : unmanaged
        {
            fixed (T* p = destination) Shim.Check(Shim.ct_copy_out(Handle, p, (long)destination.Length * sizeof(T)));
            GC.KeepAlive(this);
        }

        internal unsafe void CopyIn<T>(ReadOnlySpan<T> source) where T : unmanaged
        {
            fixed (T* p = source) Shim.Check(Shim.ct_copy_in(Handle, p, (long)source.Length * sizeof(T)));
            GC.KeepAlive(this);
        }

        internal unsafe void* DataPointer
        {
            get
            {
                Meta meta = Read();
                return meta.DeviceType == (int)DeviceType.CPU ? meta.Data
                    : throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
            }
        }

        public void WriteBytesToStream(Stream stream, int bufferSize = 1024) => stream.Write(bytes);

        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024) => stream.ReadExactly(bytes);
    }
}
