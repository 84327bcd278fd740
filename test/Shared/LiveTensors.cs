using Microsoft.ML.Continual.Methods;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests;

/// <summary>The number of tensors that are alive in the process, for tests of leaks.</summary>
internal static class LiveTensors
{
    // A Parameter takes the handle of the tensor it is made from. TorchSharp counts that empty tensor for ever.
    private static readonly long s_countedForEver = CountedForEver();

    /// <summary>What earlier tests have left to the finaliser is not counted.</summary>
    public static long Count()
    {
        long countedForEver = s_countedForEver;   // before the count: finding it out makes a parameter
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount - (countedForEver * TrainableTensor.Made);
    }

    private static long CountedForEver()
    {
        long before = Tensor.TotalCount;
        new Parameter(zeros(1L), true).Dispose();
        return Tensor.TotalCount - before;
    }
}
