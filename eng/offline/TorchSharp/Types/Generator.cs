namespace TorchSharp;

public static partial class torch
{
    /// <summary>A stream of random numbers on one device.</summary>
    public class Generator : IDisposable
    {
        private IntPtr handle;

        public Generator(ulong seed = 0, Device? device = null)
        {
            Loader.Ensure();
            this.device = device ?? CPU;
            handle = Shim.Check(Shim.ct_generator_new(this.device.Packed, seed));
        }

        private Generator(IntPtr handle, Device device) => (this.handle, this.device) = (handle, device);

        ~Generator() => Dispose(false);

        public static Generator Default => Of(CPU);

        public IntPtr Handle => handle != IntPtr.Zero ? handle : throw new ObjectDisposedException(nameof(Generator));

        public Device device { get; }

        public Generator manual_seed(long seed)
        {
            Shim.Check(Shim.ct_generator_seed(Handle, seed));
            GC.KeepAlive(this);
            return this;
        }

        public long initial_seed()
        {
            ulong seed = Shim.ct_generator_initial_seed(Handle);
            GC.KeepAlive(this);
            return (long)seed;
        }

        /// <summary>Takes a new seed from the machine's source of randomness.</summary>
        public long seed()
        {
            ulong seed = Shim.ct_generator_reseed(Handle);
            GC.KeepAlive(this);
            return (long)seed;
        }

        public Tensor get_state()
        {
            var state = Tensor.Own(Shim.Check(Shim.ct_generator_state(Handle)));
            GC.KeepAlive(this);
            return state;
        }

        public void set_state(Tensor value)
        {
            Shim.Check(Shim.ct_generator_set_state(Handle, value.Handle));
            GC.KeepAlive(value);
            GC.KeepAlive(this);
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref handle, IntPtr.Zero) is var old && old != IntPtr.Zero) Shim.ct_generator_free(old);
        }

        internal static Generator Of(Device device)
        {
            Loader.Ensure();
            return new Generator(Shim.Check(Shim.ct_generator_default(device.Packed)), device);
        }
    }
}
