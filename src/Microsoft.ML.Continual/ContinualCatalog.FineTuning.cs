using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>Sequential fine-tuning of the whole network: the lower bound that forgets.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer FineTuning(FineTuningOptions options) => Trainer(options);

    /// <summary>Elastic weight consolidation and online EWC.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer ElasticWeightConsolidation(EwcOptions options) => Trainer(options);

    /// <summary>Learning without Forgetting.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer LearningWithoutForgetting(LwfOptions options) => Trainer(options);

    /// <summary>iCaRL: remembered images, distillation and the nearest mean of exemplars.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer ICarl(ICarlOptions options) => Trainer(options);

    /// <summary>Dark Experience Replay++: each step replays remembered images, their logits and their labels.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer DarkExperienceReplay(DerOptions options) => Trainer(options);

    /// <summary>BiC: remembered images, distillation, and a correction of new classes' logits.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer BiasCorrection(BicOptions options) => Trainer(options);

    /// <summary>SLCA: the network learns slowly, and the classifier is aligned on features drawn from a distribution of each class.</summary>
    /// <returns>A trainer that has learned nothing yet.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ContinualTrainer SlowLearner(SlcaOptions options) => Trainer(options);
}
