using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>The root of TorchSharp's names.</summary>
public static partial class torch
{
    public static unsafe string __version__
    {
        get
        {
            Loader.Ensure();
            return Marshal.PtrToStringUTF8((IntPtr)Shim.ct_version()) ?? "";
        }
    }

    public static DisposeScope NewDisposeScope() => DisposeScopeManager.ThreadSingleton.Open();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.ThreadSingleton.Scopes.TryPeek(out var scope) ? scope : null;

    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using var scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }

    // ---- recording of gradients ----

    public static bool is_grad_enabled()
    {
        Loader.Ensure();
        return Shim.ct_grad_mode(-1) != 0;
    }

    public static IDisposable no_grad() => new GradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode);

    public static bool is_inference_mode_enabled()
    {
        Loader.Ensure();
        return Shim.ct_inference_mode() != 0;
    }

    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    // The mode belongs to the thread: dispose it on the thread that made it.
    private sealed class GradMode : IDisposable
    {
        private readonly bool before;
        private bool done;

        internal GradMode(bool enabled)
        {
            Loader.Ensure();
            before = Shim.ct_grad_mode(enabled ? 1 : 0) != 0;
        }

        public void Dispose()
        {
            if (done) return;
            done = true;
            Shim.ct_grad_mode(before ? 1 : 0);
        }
    }

    private sealed class InferenceMode : IDisposable
    {
        private IntPtr guard;

        internal InferenceMode(bool enabled)
        {
            Loader.Ensure();
            guard = Shim.Check(Shim.ct_inference_enter(enabled ? 1 : 0));
        }

        public void Dispose()
        {
            if (guard == IntPtr.Zero) return;
            Shim.ct_inference_leave(guard);
            guard = IntPtr.Zero;
        }
    }

    // ---- random numbers ----

    public static Generator manual_seed(long seed)
    {
        Loader.Ensure();
        Shim.Check(Shim.ct_manual_seed(seed));
        return Generator.Default;
    }

    public static long initial_seed()
    {
        using var generator = Generator.Default;
        return generator.initial_seed();
    }

    public static long seed()
    {
        using var generator = Generator.Default;
        return generator.seed();
    }

    public static Tensor get_rng_state()
    {
        using var generator = Generator.Default;
        return generator.get_state();
    }

    public static void set_rng_state(Tensor new_state)
    {
        using var generator = Generator.Default;
        generator.set_state(new_state);
    }

    public static class random
    {
        public static Generator manual_seed(long seed) => torch.manual_seed(seed);
        public static long initial_seed() => torch.initial_seed();
        public static long seed() => torch.seed();
        public static Tensor get_rng_state() => torch.get_rng_state();
        public static void set_rng_state(Tensor new_state) => torch.set_rng_state(new_state);
    }

    // ---- the machine ----

    public static int get_num_threads()
    {
        Loader.Ensure();
        return Shim.ct_threads(0);
    }

    public static void set_num_threads(int num)
    {
        Loader.Ensure();
        if (num <= 0) throw new ArgumentOutOfRangeException(nameof(num), num, "A positive number of threads is expected.");
        Shim.ct_threads(num);
    }

    public static int get_num_interop_threads()
    {
        Loader.Ensure();
        return Shim.ct_interop_threads(0);
    }

    public static void set_num_interop_threads(int num)
    {
        Loader.Ensure();
        Shim.Check(Shim.ct_interop_threads(num));
    }

    public static bool cuda_is_available() => cuda.is_available();

    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static bool is_cudnn_available()
        {
            Loader.Ensure();
            return Shim.ct_cuda_cudnn() != 0;
        }

        public static int device_count()
        {
            Loader.Ensure();
            return Shim.ct_cuda_devices();
        }

        public static void manual_seed(long seed)
        {
            Loader.Ensure();
            Shim.Check(Shim.ct_cuda_seed(seed, 0));
        }

        public static void manual_seed_all(long seed)
        {
            Loader.Ensure();
            Shim.Check(Shim.ct_cuda_seed(seed, 1));
        }

        public static void synchronize(Device? device = null)
        {
            Loader.Ensure();
            Shim.Check(Shim.ct_cuda_synchronize(device?.index ?? -1));
        }
    }

    public static class backends
    {
        public static class cuda
        {
            public static void enable_flash_sdp(bool enable) => Set(Setting.FlashAttention, enable);
            public static bool flash_sdp_enabled() => Get(Setting.FlashAttention);
            public static void enable_math_sdp(bool enable) => Set(Setting.MathAttention, enable);
            public static bool math_sdp_enabled() => Get(Setting.MathAttention);

            public static class matmul
            {
                public static bool allow_tf32 { get => Get(Setting.Tf32Matmul); set => Set(Setting.Tf32Matmul, value); }
            }
        }

        public static class cudnn
        {
            public static bool allow_tf32 { get => Get(Setting.Tf32Cudnn); set => Set(Setting.Tf32Cudnn, value); }
        }
    }

    public static bool are_deterministic_algorithms_enabled() => Get(Setting.Deterministic);

    public static bool is_deterministic_algorithms_warn_only_enabled() => Get(Setting.DeterministicWarnOnly);

    public static IDisposable use_deterministic_algorithms(bool mode = true, bool warn_only = false)
    {
        var restore = new Settings([(Setting.Deterministic, Get(Setting.Deterministic)), (Setting.DeterministicWarnOnly, Get(Setting.DeterministicWarnOnly))]);
        Set(Setting.Deterministic, mode);
        Set(Setting.DeterministicWarnOnly, warn_only);
        return restore;
    }

    private sealed class Settings((Setting which, bool value)[] before) : IDisposable
    {
        public void Dispose()
        {
            foreach (var (which, value) in before) Set(which, value);
        }
    }

    private static bool Get(Setting which)
    {
        Loader.Ensure();
        int value = Shim.ct_setting(which, -1);
        Shim.Check(value);
        return value != 0;
    }

    private static void Set(Setting which, bool value)
    {
        Loader.Ensure();
        Shim.Check(Shim.ct_setting(which, value ? 1 : 0));
    }

    // ---- facts about types and tensors ----

    public static bool is_floating_point(ScalarType type) => type is ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16;
    public static bool is_integral(ScalarType type) => type is ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64 or ScalarType.Bool;
    public static bool is_floating_point(Tensor input) => is_floating_point(input.dtype);
    public static bool is_integral(Tensor t) => is_integral(t.dtype);
    public static bool is_tensor(object obj) => obj is Tensor;
    public static long numel(Tensor input) => input.numel();
    public static bool allclose(Tensor tensor, Tensor target, double rtol = 1E-05, double atol = 1E-08, bool equal_nan = false) => tensor.allclose(target, rtol, atol, equal_nan);
}
