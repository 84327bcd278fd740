using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.LinearProbe;

/// <summary>
/// A baseline: a linear classifier on the class feature of the frozen network, trained on one task after another. What a method with prompts scores above it is what
/// the prompts buy.
/// </summary>
/// <remarks>
/// <para>The feature is the class token after the final norm, as it is. Where the training view is deterministic, as by default, it is computed once an image;
/// later epochs bring the images to size and train the classifier, and leave the network alone.</para>
/// <para>With the default mask, rows of old classes receive no gradient and keep their bits (weight decay 0). With <see cref="ClassMask.SeenClasses"/> new classes push
/// old ones down and most is forgotten: the "sequential fine-tuning of the head" of L2P's table. All images of a benchmark in one task make it the joint linear probe.</para>
/// </remarks>
public sealed class LinearProbeOptions : MethodOptions, IClassifierAlignment
{
    /// <summary>Which classes compete in the training loss.</summary>
    /// <value>The default is <see cref="ClassMask.CurrentTask"/>.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.CurrentTask;

    /// <summary>How the classifier is aligned after each task but the first, on drawn features of all classes, as images have them in prediction; null not at all.</summary>
    /// <value>The default is null.</value>
    public ClassifierAlignmentOptions? Alignment { get; set; }

    /// <inheritdoc/>
    /// <value>The default is 20.</value>
    public override int Epochs { get; set; } = 20;

    /// <inheritdoc/>
    /// <value>The default is 128.</value>
    public override int BatchSize { get; set; } = 128;

    /// <inheritdoc/>
    /// <value>The default is 0.001.</value>
    public override double LearningRate { get; set; } = 0.001;

    /// <inheritdoc/>
    /// <value>The default is false.</value>
    public override bool ScaleLearningRateByBatch { get; set; }

    /// <inheritdoc/>
    /// <value>The default is null.</value>
    public override double? MaximumGradientNorm { get; set; }

    /// <inheritdoc/>
    /// <value>The default is <see cref="TrainingView.Deterministic"/>: images as in prediction, so that features are computed once.</value>
    public override TrainingView TrainingView { get; set; } = TrainingView.Deterministic;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new LinearProbeMethod((LinearProbeOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        Alignment?.Validate(nameof(Alignment));
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
    }
}
