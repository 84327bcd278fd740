using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual;

/// <summary>Finds out where to compute, as ML.NET's own deep-learning trainers do, and whether libtorch is there at all.</summary>
internal static class TorchDevice
{
    /// <summary>The device that <see cref="MLContext.GpuDeviceId"/> and <see cref="MLContext.FallbackToCpu"/> ask for.</summary>
    /// <exception cref="InvalidOperationException">There is no libtorch; or a GPU was asked for, is not there, and falling back was not allowed.</exception>
    public static Device Choose(MLContext mlContext)
    {
        RequireLibtorch();
        if (mlContext.GpuDeviceId is not { } id) return CPU;
        int found = cuda.is_available() ? cuda.device_count() : 0;
        return Choose(id, mlContext.FallbackToCpu, found, line =>
        {
            // With a seed given, no number is drawn from the context: a machine without a GPU gets the same seeds as one with.
            using IChannel channel = ((IHostEnvironment)mlContext).Register("Continual", seed: 0).Start("Device");
            channel.Warning(MessageSensitivity.None, line);
        });
    }

    /// <summary>The choice, given the number of CUDA devices.</summary>
    internal static Device Choose(int id, bool fallback, int devices, Action<string> warn)
    {
        if (id >= 0 && id < devices) return new Device(DeviceType.CUDA, id);
        string missing = $"MLContext.GpuDeviceId is {id}, but libtorch finds {(devices == 0 ? "no CUDA device" : $"{devices} CUDA device(s), numbered from 0")}";
        if (!fallback)
        {
            throw new InvalidOperationException(
                $"{missing}. Reference TorchSharp-cuda-linux or TorchSharp-cuda-windows in the application and check the driver, or set MLContext.FallbackToCpu to compute on the CPU.");
        }
        warn($"{missing}; falling back to the CPU.");
        return CPU;
    }

    /// <summary>One clear error in place of whatever the loader throws.</summary>
    /// <exception cref="InvalidOperationException">The native library cannot be loaded; the message says which package to add.</exception>
    public static void RequireLibtorch() => RequireLibtorch(() => zeros(1L).Dispose());

    /// <summary>The same with a given first use of libtorch.</summary>
    internal static void RequireLibtorch(Action firstUse)
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
