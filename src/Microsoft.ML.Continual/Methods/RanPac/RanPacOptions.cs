using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>
/// RanPAC (McDonnell et al., "RanPAC: Random Projections and Pre-trained Models for Continual Learning", NeurIPS 2023), without its adaptation to the first task: features h of the frozen network are
/// widened at random, φ = relu(h W), and classified by a ridge regression in closed form, (G + λ I)⁻¹ Q with G = Σ φᵀφ and Q = Σ φᵀy over the images of all tasks.
/// </summary>
/// <remarks>
/// <para>Nothing is trained by gradients, and nothing is forgotten but by competition: for a given λ the result does not depend on the order or the split of the tasks (up to rounding in float64). A class that comes
/// again adds to its sums. Options of the optimiser have no effect. The class probabilities are the softmax of the regression's predictions, which lie about 0 and 1: right in their order, not calibrated.</para>
/// <para>This is the published method's second phase ("no phase 1" in its tables). The first, an adapter that is trained on the first task's classes and frozen for ever, is not part of it.</para>
/// <para>Memory: G takes 8 M² bytes, 800 MB at the default M, in the trainer's state, in its file, and in every model that is kept, which shares the state after its task. A <c>Fit</c> needs about four times as much.
/// M = 2000 takes 32 MB.</para>
/// </remarks>
public sealed class RanPacOptions : MethodOptions
{
    /// <summary>The number M of random features; 0 uses the network's features as they are.</summary>
    /// <value>The default is 10000.</value>
    public int ProjectionWidth { get; set; } = 10000;

    /// <summary>
    /// The ridge λ. Null chooses it anew in each task, among 10⁻⁸, 10⁻⁷, … 10⁸: the one whose regression on four fifths of the task's images, drawn at random, predicts the rest with the least squared error.
    /// Choosing needs an eigendecomposition as large as the number of these images, or M where that is smaller.
    /// </summary>
    /// <value>The default is null.</value>
    public double? Ridge { get; set; }

    /// <summary>How features are compared with the classes' weights.</summary>
    /// <value>The default is <see cref="RidgeScoring.Linear"/>.</value>
    public RidgeScoring Scoring { get; set; } = RidgeScoring.Linear;

    /// <summary>Passes over a task's images. One sees everything; no other number is accepted.</summary>
    /// <value>The default is 1.</value>
    public override int Epochs { get; set; } = 1;

    /// <summary>Images put through the network together.</summary>
    /// <value>The default is 64.</value>
    public override int BatchSize { get; set; } = 64;

    /// <summary>How images are cut: as in prediction. No other view is accepted.</summary>
    /// <value>The default is <see cref="TrainingView.Deterministic"/>.</value>
    public override TrainingView TrainingView { get; set; } = TrainingView.Deterministic;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new RanPacMethod((RanPacOptions)Clone(), random);
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        OptionCheck.Require(ProjectionWidth >= 0, nameof(ProjectionWidth), "0 or more", ProjectionWidth);
        OptionCheck.Require(Ridge is null or > 0 and < double.PositiveInfinity, nameof(Ridge), "a positive number, or null", Ridge);
        OptionCheck.Require(Enum.IsDefined(Scoring), nameof(Scoring), "a known scoring", Scoring);
        OptionCheck.Require(Epochs == 1, nameof(Epochs), "1, for the sums are complete after one pass", Epochs);
        OptionCheck.Require(TrainingView.IsDeterministic, nameof(TrainingView), "TrainingView.Deterministic, for the regression is over images as in prediction", TrainingView);
    }
}
