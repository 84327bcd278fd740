using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Numerics;

/// <summary>Finds out whether libtorch is there at all, before anything else fails for want of it.</summary>
internal static class NativeLibtorch
{
    /// <summary>One clear error in place of whatever the loader throws.</summary>
    /// <exception cref="InvalidOperationException">The native library cannot be loaded; the message says which package to add.</exception>
    public static void Require() => Require(() => zeros(1L).Dispose());

    /// <summary>The same with a given first use of libtorch.</summary>
    internal static void Require(Action firstUse)
    {
        try
        {
            firstUse();
        }
        catch (Exception exception) when (exception is TypeInitializationException or DllNotFoundException or NotSupportedException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw new InvalidOperationException(
                "The native library libtorch cannot be loaded. A library references the managed TorchSharp only; add one of the packages TorchSharp-cpu, TorchSharp-cuda-linux or " +
                $"TorchSharp-cuda-windows, of the same version as TorchSharp, to the application. The loader said: {Innermost(exception).Message}", exception);
        }
    }

    private static Exception Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception;
}
