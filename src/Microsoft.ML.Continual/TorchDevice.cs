using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual;

/// <summary>Finds out where to compute, as ML.NET's own deep-learning trainers do.</summary>
internal static class TorchDevice
{
    /// <summary>The device that <see cref="MLContext.GpuDeviceId"/> and <see cref="MLContext.FallbackToCpu"/> ask for.</summary>
    /// <exception cref="InvalidOperationException">There is no libtorch; or a GPU was asked for, is not there, and falling back was not allowed.</exception>
    public static Device Choose(MLContext mlContext)
    {
        NativeLibtorch.Require();
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
}
