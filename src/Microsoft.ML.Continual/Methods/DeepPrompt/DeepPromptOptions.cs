using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>
/// Visual prompt tuning in the deep form of NSP² (Lu et al., "Visual Prompt Tuning in Null Space for Continual Learning", NeurIPS 2024): in each block a few prompts, shared by all images and
/// tasks, that attention reads beside the image's tokens and that end with the block; and a linear head for each task. By itself it is the paper's baseline VPT-Seq; the projection is
/// <c>WithNullSpaceProjection</c> of the package Microsoft.ML.Continual.Pgp.
/// </summary>
/// <remarks>
/// What the paper trains with comes with a <see cref="Recipe"/>. Prompting only the first block (<see cref="BlockCount"/> 1) is not VPT-Shallow, whose prompts go on through all blocks:
/// that is <c>VisualPromptOptions</c>.
/// </remarks>
public sealed class DeepPromptOptions : MethodOptions, IClassifierAlignment
{
    /// <summary>The defaults: the paper's, but for epochs, batch, schedule and weight decay.</summary>
    public DeepPromptOptions()
    {
    }

    /// <summary>
    /// What the paper and its code train a row of their tables with: batches of 256, 100 epochs, weight decay 5e-5, the rate divided by 10 after 40 and 70 epochs (the released code's steps; the
    /// paper says 50 and 80), AutoAugment and random crops without a flip, the row's temperature and views. The paper gives no settings for 50 and 100 tasks: those are the data set's for 10.
    /// </summary>
    /// <remarks>As in the released code, AutoAugment works on images of their own size, and test images of ImageNet-R and DomainNet are squashed to a square of 256/224 of the size, of which the centre is cut out.</remarks>
    /// <param name="recipe">The row; <c>NullSpaceOptions</c> takes the same.</param>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public DeepPromptOptions(Recipe recipe)
    {
        (BatchSize, Epochs, WeightDecay) = (256, 100, 5e-5);
        (Schedule, DecayAt, DecayFactor) = (LearningRateSchedule.Steps, [0.4, 0.7], 0.1);
        (Temperature, bool isCifar) = recipe switch
        {
            Recipe.SplitCifar100 or Recipe.SplitCifar100In50Tasks => (28, true),
            Recipe.SplitCifar100In20Tasks => (25, true),
            Recipe.SplitImageNetR or Recipe.SplitImageNetRIn50Tasks or Recipe.SplitImageNetRIn100Tasks
                or Recipe.SplitDomainNet or Recipe.SplitDomainNetIn50Tasks or Recipe.SplitDomainNetIn100Tasks => (30, false),
            _ => throw new ArgumentException($"Deep prompts have no recipe {recipe}.", nameof(recipe)),
        };
        TrainingView = isCifar ? TrainingViews.Cifar : TrainingViews.ImageNet;
        EvaluationView = isCifar ? EvaluationView.Resize : new EvaluationView(Crop: true, Filter: ResizeFilter.Bilinear, Squash: true);
    }

    /// <summary>The number M of prompts of a block.</summary>
    /// <value>The default is 4.</value>
    public int PromptLength { get; set; } = 4;

    /// <summary>The first block with prompts, 0-based.</summary>
    /// <value>The default is 0.</value>
    public int FirstBlock { get; set; }

    /// <summary>The number of blocks with prompts, from <see cref="FirstBlock"/> on; null for all that follow.</summary>
    /// <value>The default is null.</value>
    public int? BlockCount { get; set; }

    /// <summary>Prompts start uniform in [−range, range), once, before the first task.</summary>
    /// <value>The default is 1.</value>
    public double InitialRange { get; set; } = 1;

    /// <summary>What the logits are divided by in the training loss; prediction does not use it. Large temperatures make the loss weak beside the weight decay and a constraint's penalty.</summary>
    /// <value>The default is 28, the paper's for 10 tasks of CIFAR-100.</value>
    public double Temperature { get; set; } = 28;

    /// <summary>What a task's new rows of the classifier start from.</summary>
    /// <value>The default is <see cref="HeadInitialization.Uniform"/>; the released code's is <see cref="HeadInitialization.ReleasedCode"/>.</value>
    public HeadInitialization HeadInitialization { get; set; } = HeadInitialization.Uniform;

    /// <summary>Which classes compete in the training loss. Rows of classes that do not are no parameters of the task, so that weight decay leaves them alone too.</summary>
    /// <value>The default is <see cref="ClassMask.CurrentTask"/>, as in the paper.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.CurrentTask;

    /// <summary>What the learning rate is multiplied by for the classifier, above 0. Few steps move prompts far only at a rate that is too high for a classifier.</summary>
    /// <value>The default is 1, as in the released code.</value>
    public double HeadLearningRateScale { get; set; } = 1;

    /// <summary>How the classifier is aligned after each task but the first, on drawn features of all classes, as images have them in prediction; null not at all. The paper does so with CLIP only.</summary>
    /// <value>The default is null.</value>
    public ClassifierAlignmentOptions? Alignment { get; set; }

    /// <inheritdoc/>
    /// <value>The default is 0.01.</value>
    public override double LearningRate { get; set; } = 0.01;

    /// <inheritdoc/>
    /// <value>The default is false.</value>
    public override bool ScaleLearningRateByBatch { get; set; }

    /// <inheritdoc/>
    /// <value>The default is null.</value>
    public override double? MaximumGradientNorm { get; set; }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new DeepPromptMethod((DeepPromptOptions)Clone(), random);
    }

    internal override IEnumerable<SizedTensor> SizedTensors
    {
        get
        {
            VisionTransformerConfig config = ((VisionTransformer)Backbone!).Config;
            return DeepPrompts.Sizes(FirstBlock, BlockCount ?? config.Depth - FirstBlock, (PromptLength, nameof(PromptLength)), config.Width);
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(HeadLearningRateScale > 0 && double.IsFinite(HeadLearningRateScale), nameof(HeadLearningRateScale), "a positive number", HeadLearningRateScale);
        Alignment?.Validate(nameof(Alignment));
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        int depth = ((VisionTransformer)Backbone!).Config.Depth;
        OptionCheck.Require(PromptLength >= 1, nameof(PromptLength), "at least 1", PromptLength);
        OptionCheck.Require(FirstBlock >= 0 && FirstBlock < depth, nameof(FirstBlock), $"0 to {depth - 1}, a block of the backbone", FirstBlock);
        OptionCheck.Require(BlockCount is null || BlockCount >= 1 && BlockCount <= depth - FirstBlock, nameof(BlockCount), $"1 to {depth - FirstBlock}, the blocks from {FirstBlock} on, or null", BlockCount);
        OptionCheck.Require(InitialRange > 0 && double.IsFinite(InitialRange), nameof(InitialRange), "a positive number", InitialRange);
        OptionCheck.Require(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), "a positive number", Temperature);
        OptionCheck.Require(Enum.IsDefined(HeadInitialization), nameof(HeadInitialization), "a known initialisation", HeadInitialization);
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
    }
}
