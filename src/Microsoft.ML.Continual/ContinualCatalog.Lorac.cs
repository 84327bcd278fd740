using Microsoft.ML.Continual.Methods.Lorac;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>LoRAC-IPC (Pattern Recognition 2025): a low-rank update of each task, composed by trainable factors, with orthonormal down-projections and important weight matrices frozen.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer LowRankComposition(LoracOptions options) => Trainer(options);
}
