using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>
/// iCaRL (Rebuffi et al., CVPR 2017): the whole network is fine-tuned on a task's images and a few remembered ones of old classes, with distillation from a copy of before; images are classified by the
/// nearest mean of the remembered ones.
/// </summary>
/// <remarks>
/// At the end of a task each class keeps its share of the memory: new ones by herding, old ones the first of those they had. All means are then computed anew from what is remembered, for features have moved.
/// A class that comes back is chosen anew, among its remembered and its present images. With <see cref="ICarlLoss.SigmoidBinary"/> hard labels count for new classes only, as in the paper.
/// </remarks>
public sealed class ICarlOptions : ExemplarOptions
{
    /// <summary>The training loss.</summary>
    /// <value>The default is <see cref="ICarlLoss.SoftmaxDistillation"/>.</value>
    public ICarlLoss Loss { get; set; } = ICarlLoss.SoftmaxDistillation;

    /// <summary>The weight of the distillation in <see cref="ICarlLoss.SoftmaxDistillation"/>, 0 or more.</summary>
    /// <value>The default is 1.</value>
    public double DistillationWeight { get; set; } = 1;

    /// <summary>The temperature that softens both outputs there, above 0.</summary>
    /// <value>The default is 2.</value>
    public double Temperature { get; set; } = 2;

    /// <summary>What predicts.</summary>
    /// <value>The default is <see cref="ICarlClassifier.NearestExemplarMean"/>.</value>
    public ICarlClassifier Classifier { get; set; } = ICarlClassifier.NearestExemplarMean;

    /// <summary>Whether means are over images and their mirror images, as in the authors' program.</summary>
    /// <value>The default is false.</value>
    public bool MirrorForMeans { get; set; }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new ICarlMethod((ICarlOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Enum.IsDefined(Loss), nameof(Loss), "a known loss", Loss);
        OptionCheck.Require(DistillationWeight >= 0 && double.IsFinite(DistillationWeight), nameof(DistillationWeight), "0 or more", DistillationWeight);
        OptionCheck.Require(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), "a positive number", Temperature);
        OptionCheck.Require(Enum.IsDefined(Classifier), nameof(Classifier), "a known classifier", Classifier);
    }
}
