using Microsoft.ML.Continual;

namespace Microsoft.ML;

/// <summary>Hangs continual learning on the <see cref="MLContext"/>.</summary>
public static class ContinualExtensions
{
    /// <summary>Continual learning with frozen vision transformers: backbones, trainers, tasks and evaluation.</summary>
    /// <param name="mlContext">Its seed, log and device settings are used.</param>
    public static ContinualCatalog Continual(this MLContext mlContext)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        return new ContinualCatalog(mlContext);
    }
}
