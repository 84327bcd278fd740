using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>Finds and loads the shim once, before the first native call.</summary>
internal static class Loader
{
    private const string Variable = "CONTINUAL_TORCH_SHIM";
    private const string FileName = "libcontinual_torch.so";
    private static readonly Lazy<string?> Failure = new(Load);
    private static IntPtr library;

    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(Loader).Assembly, Resolve);

    /// <summary>Throws what TorchSharp throws where its native half is missing: NotSupportedException, saying what to do.</summary>
    internal static void Ensure()
    {
        if (Failure.Value is { } failure) throw new NotSupportedException(failure);
    }

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Shim.Library) return IntPtr.Zero;
        if (library == IntPtr.Zero) Ensure();
        return library;
    }

    private static string? Load()
    {
        string? file = Candidates().FirstOrDefault(File.Exists);
        if (file is null)
            return $"This application uses the offline stand-in for TorchSharp, but its native library {FileName} is missing. " +
                   "Build it with 'eng/offline/native/build.sh' (it needs libtorch-dev and g++, which 'eng/setup.sh' installs), " +
                   $"or point the environment variable {Variable} to it.";
        PreferOpenMPBlas();
        if (!NativeLibrary.TryLoad(file, out library))
        {
            try { NativeLibrary.Load(file); }
            catch (DllNotFoundException e) { return $"{file} cannot be loaded: {e.Message} Build it anew with 'eng/offline/native/build.sh'."; }
        }
        int abi = Shim.ct_initialize();
        if (abi != Shim.Abi) return $"{file} is of another version (interface {abi}, {Shim.Abi} is wanted). Build it anew with 'eng/offline/native/build.sh'.";
        // Debian's libtorch starts with one thread where OMP_NUM_THREADS is absent; TorchSharp's own uses every core.
        if (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null or "") Shim.ct_threads(Environment.ProcessorCount);
        return null;
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
        {
            yield return chosen;
            yield break;
        }
        string start = Path.GetDirectoryName(typeof(Loader).Assembly.Location) is { Length: > 0 } folder ? folder : AppContext.BaseDirectory;
        yield return Path.Combine(start, FileName);
        for (DirectoryInfo? at = new(start); at is not null; at = at.Parent)
            yield return Path.Combine(at.FullName, "artifacts", "native", FileName);
    }

    /// <summary>
    /// libtorch asks for "libblas.so.3", and the machine may answer with the slow reference BLAS, or with the pthread OpenBLAS, whose
    /// thread pool competes with libtorch's. A library of that name that is loaded already is taken instead, so the OpenMP flavour
    /// goes first where it is installed. This touches this process only.
    /// </summary>
    private static void PreferOpenMPBlas()
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists("/usr/lib")) return;
        foreach (string triplet in Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu"))
        {
            string folder = Path.Combine(triplet, "openblas-openmp");
            foreach (string name in (string[])["libblas.so.3", "liblapack.so.3"])
                if (Path.Combine(folder, name) is var file && File.Exists(file)) NativeLibrary.TryLoad(file, out _);
        }
    }
}
