namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor: one reference to a libtorch tensor. Each operation makes a new one, which the thread's innermost
    /// <see cref="DisposeScope"/> disposes; without a scope its owner or the garbage collector does.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        private const int MaxRank = 64;
        private static long totalCount, peakCount;
        private IntPtr handle;

        /// <summary>Takes over a handle that owns one reference.</summary>
        internal Tensor(IntPtr handle)
        {
            this.handle = handle;
            long total = Interlocked.Increment(ref totalCount);
            if (total > Volatile.Read(ref peakCount)) Volatile.Write(ref peakCount, total);
            Scope = DisposeScopeManager.ThreadSingleton.Register(this);
        }

        ~Tensor() => Dispose(false);

        internal static Tensor Own(IntPtr handle) => new(handle);

        public static Tensor UnsafeCreateTensor(IntPtr handle) => new(handle);

        /// <summary>The number of tensors that are alive in this process, and of those that parameters have emptied.</summary>
        public static long TotalCount => Interlocked.Read(ref totalCount);

        public static long PeakCount => Interlocked.Read(ref peakCount);

        internal DisposeScope? Scope { get; set; }

        public IntPtr Handle => handle != IntPtr.Zero ? handle : throw new InvalidOperationException("Tensor invalid -- empty handle.");

        public bool IsInvalid => handle == IntPtr.Zero;

        public void Dispose()
        {
            Scope?.MarkAsDisposed(this);
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            // Two threads, or the finaliser and a scope, may meet here; the handle is freed once.
            if (Interlocked.Exchange(ref handle, IntPtr.Zero) is var old && old != IntPtr.Zero)
            {
                Shim.ct_free(old);
                Interlocked.Decrement(ref totalCount);
            }
        }

        /// <summary>Gives the handle to the caller, who frees it; this tensor is empty afterwards.</summary>
        public IntPtr DecoupleFromNativeHandle()
        {
            GC.SuppressFinalize(this);
            IntPtr old = MoveHandle();
            if (old == IntPtr.Zero) throw new InvalidOperationException("Tensor invalid -- empty handle.");
            Interlocked.Decrement(ref totalCount);
            return old;
        }

        /// <summary>Gives the handle away without counting this tensor out, as TorchSharp does for a parameter: it stays in <see cref="TotalCount"/>.</summary>
        internal IntPtr MoveHandle() => Interlocked.Exchange(ref handle, IntPtr.Zero);

        public Tensor MoveToOuterDisposeScope()
        {
            Scope?.MoveToOuter(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (Scope is null && other is not null) other.Attach(this);
            else Scope?.MoveToOther(other, this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.Scope);

        public Tensor DetachFromDisposeScope()
        {
            Scope?.Detach(this);
            return this;
        }

        // ---- facts ----

        private unsafe Meta Read(long* sizes, long* strides = null)
        {
            Meta meta;
            Shim.Check(Shim.ct_meta(Handle, &meta, sizes, strides, MaxRank));
            GC.KeepAlive(this);
            return meta;
        }

        private unsafe Meta Read() => Read(null);

        public unsafe long[] shape
        {
            get
            {
                long* sizes = stackalloc long[MaxRank];
                return new Span<long>(sizes, Read(sizes).Rank).ToArray();
            }
        }

        public long[] size() => shape;

        public unsafe long size(int dim)
        {
            long* sizes = stackalloc long[MaxRank];
            int rank = Read(sizes).Rank;
            return sizes[Wrap(dim, rank)];
        }

        public unsafe long[] stride()
        {
            long* sizes = stackalloc long[MaxRank];
            long* strides = stackalloc long[MaxRank];
            return new Span<long>(strides, Read(sizes, strides).Rank).ToArray();
        }

        public long stride(int dim)
        {
            long[] all = stride();
            return all[Wrap(dim, all.Length)];
        }

        private static int Wrap(int dim, int rank) => dim >= -rank && dim < rank
            ? (dim < 0 ? dim + rank : dim)
            : throw new ArgumentOutOfRangeException(nameof(dim), dim, $"The tensor has {rank} dimensions.");

        public long Dimensions => Read().Rank;
        public long ndim => Read().Rank;
        public long dim() => Read().Rank;
        public long NumberOfElements => Read().Count;
        public long numel() => Read().Count;
        public long ElementSize => Read().ElementSize;
        public long element_size() => Read().ElementSize;
        public long storage_offset() => Read().StorageOffset;
        public ScalarType dtype => (ScalarType)Read().DType;
        public DeviceType device_type => (DeviceType)Read().DeviceType;
        public int device_index => Read().DeviceIndex;
        public bool is_contiguous() => Read().IsContiguous != 0;
        public bool is_sparse => Read().IsSparse != 0;
        public bool is_cuda => device_type == DeviceType.CUDA;
        public bool is_meta => device_type == DeviceType.META;
        public bool is_cpu() => device_type == DeviceType.CPU;
        public bool is_floating_point() => torch.is_floating_point(dtype);
        public bool is_integral() => torch.is_integral(dtype);

        public Device device
        {
            get
            {
                Meta meta = Read();
                return new Device((DeviceType)meta.DeviceType, meta.DeviceIndex);
            }
        }

        public bool Equals(Tensor target) => Aten.equal.CallBool(this, target);

        public override bool Equals(object? obj) => obj is Tensor other && (ReferenceEquals(this, other) || Equals(other));

        public override int GetHashCode() => base.GetHashCode();
    }
}
