using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.VisualPrompt;

/// <summary>
/// The plain baseline: one prompt at the input of a frozen vision transformer (Jia et al., "Visual Prompt Tuning", ECCV 2022, the shallow form),
/// shared by all images and all tasks, trained on one task after another. Nothing keeps it from forgetting.
/// </summary>
/// <remarks>
/// With the default length it has as many prompt parameters as L2P's default pool (10 prompts of 5 tokens), but every image uses all of them, where L2P uses
/// half: training steps are dearer.
/// </remarks>
public sealed class VisualPromptOptions : MethodOptions, IClassifierAlignment
{
    /// <summary>The number P of prompt tokens.</summary>
    /// <value>The default is 50.</value>
    public int PromptLength { get; set; } = 50;

    /// <summary>Which output tokens the classifier sees.</summary>
    /// <value>The default is <see cref="PromptPooling.Prompt"/>, as in L2P.</value>
    public PromptPooling Pooling { get; set; } = PromptPooling.Prompt;

    /// <summary>Which classes compete in the training loss.</summary>
    /// <value>The default is <see cref="ClassMask.SeenClasses"/>: plain sequential fine-tuning.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.SeenClasses;

    /// <summary>What the learning rate is multiplied by for the classifier, above 0. Few steps move prompts far only at a rate that is too high for a classifier.</summary>
    /// <value>The default is 1.</value>
    public double HeadLearningRateScale { get; set; } = 1;

    /// <summary>How the classifier is aligned after each task but the first, on drawn features of all classes, as images have them in prediction; null not at all.</summary>
    /// <value>The default is null.</value>
    public ClassifierAlignmentOptions? Alignment { get; set; }

    /// <summary>Prompts start uniform in [−range, range).</summary>
    /// <value>The default is 1, as in L2P.</value>
    public double InitialRange { get; set; } = 1;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new VisualPromptMethod((VisualPromptOptions)Clone(), random);
    }

    internal override IEnumerable<SizedTensor> SizedTensors => [new("prompt", (PromptLength, nameof(PromptLength)), (((VisionTransformer)Backbone!).Width, null))];

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(HeadLearningRateScale > 0 && double.IsFinite(HeadLearningRateScale), nameof(HeadLearningRateScale), "a positive number", HeadLearningRateScale);
        Alignment?.Validate(nameof(Alignment));
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        OptionCheck.Require(PromptLength >= 1, nameof(PromptLength), "at least 1", PromptLength);
        OptionCheck.Require(Enum.IsDefined(Pooling), nameof(Pooling), "a known pooling", Pooling);
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
        OptionCheck.Require(InitialRange > 0 && double.IsFinite(InitialRange), nameof(InitialRange), "a positive number", InitialRange);
    }
}
