using Microsoft.ML.Continual.Methods.ClipDeepPrompt;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>Deep visual prompt tuning: a few prompts in each block and a head for each task, the base of NSP² (NeurIPS 2024). Forgets unless a projection is added.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer PromptTuning(DeepPromptOptions options) => Trainer(options);

    /// <summary>CLIP with deep visual prompts and a projection refined after each task on drawn features, the base of CLIP-NSP² (NeurIPS 2024).</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer PromptTuning(ClipDeepPromptOptions options) => Trainer(options);
}
