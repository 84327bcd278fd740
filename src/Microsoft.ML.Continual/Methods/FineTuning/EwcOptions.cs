using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>
/// Elastic weight consolidation (Kirkpatrick et al., PNAS 2017) and its online form (Schwarz et al., ICML 2018): the whole network is fine-tuned with a quadratic penalty on leaving the values
/// of earlier tasks, weighted with the diagonal of the Fisher information. No image is kept.
/// </summary>
/// <remarks>
/// The loss is <c>CE + PenaltyWeight / 2 · Σ Ω (θ − θ*)²</c>. After a task Ω is estimated from single images in the view of prediction, whose squared gradients are averaged; programs that square the mean
/// gradient of a batch find values smaller by about the batch's size and need penalty weights larger by that. Keep <see cref="MethodOptions.WeightDecay"/> at 0: it pulls to 0, not to θ*.
/// </remarks>
public sealed class EwcOptions : NetworkTuningOptions
{
    /// <summary>Which classes compete in the training loss, and in the probabilities that Ω is estimated from.</summary>
    /// <value>The default is <see cref="ClassMask.CurrentTask"/>.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.CurrentTask;

    /// <summary>λ, half of which weights the penalty; 0 or more. 0 is plain fine-tuning.</summary>
    /// <value>The default is 1000.</value>
    public double PenaltyWeight { get; set; } = 1000;

    /// <summary>How several tasks are remembered.</summary>
    /// <value>The default is <see cref="EwcForm.Single"/>.</value>
    public EwcForm Form { get; set; } = EwcForm.Single;

    /// <summary>γ: what Ω of earlier tasks is multiplied by when a task's own is added, in [0, 1]; below 1 it is online EWC. Used with <see cref="EwcForm.Single"/>.</summary>
    /// <value>The default is 1.</value>
    public double Decay { get; set; } = 1;

    /// <summary>Whose gradients make Ω.</summary>
    /// <value>The default is <see cref="FisherKind.Sampled"/>.</value>
    public FisherKind Fisher { get; set; } = FisherKind.Sampled;

    /// <summary>The number of the task's images that Ω is estimated from, drawn at random; a forward and a backward pass for each.</summary>
    /// <value>The default is 1000.</value>
    public int FisherImages { get; set; } = 1000;

    /// <summary>Whether the classifier's rows of old classes are penalised too. New rows never are.</summary>
    /// <value>The default is true.</value>
    public bool PenalizeHead { get; set; } = true;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new EwcMethod((EwcOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
        OptionCheck.Require(PenaltyWeight >= 0 && double.IsFinite(PenaltyWeight), nameof(PenaltyWeight), "0 or more", PenaltyWeight);
        OptionCheck.Require(Enum.IsDefined(Form), nameof(Form), "a known form", Form);
        OptionCheck.Require(Decay is >= 0 and <= 1, nameof(Decay), "in [0, 1]", Decay);
        OptionCheck.Require(Enum.IsDefined(Fisher), nameof(Fisher), "a known kind", Fisher);
        OptionCheck.Require(FisherImages >= 1, nameof(FisherImages), "at least 1", FisherImages);
    }
}
