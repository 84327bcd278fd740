using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.NearestClassMean;

/// <summary>
/// A baseline that trains nothing: each class is the mean of its images' features in the frozen network, and an image is of the class whose mean is nearest
/// (SimpleCIL: Zhou et al., "Revisiting Class-Incremental Learning with Pre-Trained Models", 2023; with distances: Janson et al., 2022).
/// </summary>
/// <remarks>
/// <para>A task adds to the sums of its own classes and leaves the others alone: accuracy on old tasks falls only because more classes compete, or because the mean of a
/// class moves that comes back in another domain. What comes out does not depend on the order of the tasks or rows
/// (up to the rounding of sums in float64). It is cheap and hard to beat where the backbone knows the domain.</para>
/// <para>Options of the optimiser have no effect. The class probabilities are the softmax of cosines, or of squared distances: right in their order, not calibrated.</para>
/// </remarks>
public sealed class NearestClassMeanOptions : MethodOptions
{
    /// <summary>How a feature is compared with the means.</summary>
    /// <value>The default is <see cref="ClassMeanMetric.Cosine"/>.</value>
    public ClassMeanMetric Metric { get; set; } = ClassMeanMetric.Cosine;

    /// <summary>Passes over a task's images. One sees everything; no other number is accepted.</summary>
    /// <value>The default is 1.</value>
    public override int Epochs { get; set; } = 1;

    /// <summary>Images put through the network together.</summary>
    /// <value>The default is 64.</value>
    public override int BatchSize { get; set; } = 64;

    /// <summary>How images are cut: as in prediction, for means over random views would be of other images than those compared with them. No other view is accepted.</summary>
    /// <value>The default is <see cref="TrainingView.Deterministic"/>.</value>
    public override TrainingView TrainingView { get; set; } = TrainingView.Deterministic;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new NearestClassMeanMethod((NearestClassMeanOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        OptionCheck.Require(Enum.IsDefined(Metric), nameof(Metric), "a known metric", Metric);
        OptionCheck.Require(Epochs == 1, nameof(Epochs), "1, for class means are complete after one pass", Epochs);
        OptionCheck.Require(TrainingView.IsDeterministic, nameof(TrainingView), "TrainingView.Deterministic, for class means are taken over images as in prediction", TrainingView);
    }
}
