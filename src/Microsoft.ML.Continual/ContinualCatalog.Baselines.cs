using Microsoft.ML.Continual.Methods.CodaPrompt;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Methods.RanPac;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>A linear classifier on frozen features: the baseline that says what prompts buy.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer LinearProbe(LinearProbeOptions options) => Trainer(options);

    /// <summary>The nearest class mean of frozen features (SimpleCIL): the baseline that trains nothing.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer NearestClassMean(NearestClassMeanOptions options) => Trainer(options);

    /// <summary>RanPAC (NeurIPS 2023) without its adaptation to the first task: a ridge regression on random features of the frozen network, in closed form.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer RanPac(RanPacOptions options) => Trainer(options);

    /// <summary>CODA-Prompt (CVPR 2023): prompts that are weighted sums of components, to which each task adds its own.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer PromptTuning(CodaPromptOptions options) => Trainer(options);
}
