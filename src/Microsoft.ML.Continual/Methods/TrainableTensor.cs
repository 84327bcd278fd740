using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>Makes parameters and frozen copies that outlive the scope they are made in.</summary>
internal static class TrainableTensor
{
    private static long s_made;

    /// <summary>How many parameters the process has made. TorchSharp's count of live tensors never forgets the tensor that a parameter has emptied; this corrects it.</summary>
    public static long Made => Interlocked.Read(ref s_made);

    /// <summary>A float32 parameter with a copy of the values, on the device, in no dispose scope.</summary>
    public static Parameter Create(Tensor value, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        var parameter = new Parameter(value.detach().to(ScalarType.Float32).to(device).contiguous().clone(), true);
        Interlocked.Increment(ref s_made);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    /// <summary>A copy without gradient, in no dispose scope.</summary>
    public static Tensor Freeze(Tensor value)
    {
        using DisposeScope scope = NewDisposeScope();
        return value.detach().clone().DetachFromDisposeScope();
    }
}
