using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>Adapters beside the attention of some blocks, shared by all tasks; the base of Adapter-PEGP (TPAMI 2025). Forgets unless a projection is added.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer ParameterEfficientTuning(AdapterOptions options) => Trainer(options);

    /// <summary>Low-rank updates of some blocks' linear maps (LoRA), shared by all tasks; the base of LoRA-PEGP (TPAMI 2025). Forgets unless a projection is added.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer ParameterEfficientTuning(LoraOptions options) => Trainer(options);

    /// <summary>Prefixes of keys and values in some blocks, shared by all tasks; the base of Prefix-PEGP (TPAMI 2025). Forgets unless a projection is added.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer ParameterEfficientTuning(PrefixOptions options) => Trainer(options);

    /// <summary>Prompts at the input of some blocks' attention, shared by all tasks; the base of Prompt-PEGP (TPAMI 2025). Forgets unless a projection is added.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer ParameterEfficientTuning(AttentionPromptOptions options) => Trainer(options);
}
