using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>
/// Visual prompt tuning in the deep form of NSP² (Lu et al., "Visual Prompt Tuning in Null Space for Continual Learning", NeurIPS 2024): in each block a few prompts, shared by all images and
/// tasks, that attention reads beside the image's tokens and that end with the block; and a linear head for each task. By itself it is the paper's baseline VPT-Seq; the projection is
/// <c>WithNullSpaceProjection</c> of the package Microsoft.ML.Continual.Pgp.
/// </summary>
/// <remarks>
/// <see cref="UseRecipe"/> sets what the paper trains with. Prompting only the first block (<see cref="BlockCount"/> 1) is not VPT-Shallow, whose prompts go on through all blocks:
/// that is <c>VisualPromptOptions</c>.
/// </remarks>
public sealed class DeepPromptOptions : MethodOptions
{
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

    /// <summary>
    /// Sets what the paper trains a row of its tables with, and leaves backbone, columns and seed alone: Adam at 0.01 with weight decay 5e-5, not clipped; batches of 256, 100 epochs, the rate
    /// divided by 10 after 40 and 70 of them (the released code's steps; the paper says 50 and 80); random crops without a flip; the row's temperature. The papers' AutoAugment is not part of this library; their test images of ImageNet-R and DomainNet are squashed to a square where these are cut.
    /// </summary>
    /// <param name="recipe">The row; give the same to <c>NullSpaceOptions.For</c>.</param>
    /// <returns>These options.</returns>
    public DeepPromptOptions UseRecipe(NullSpaceRecipe recipe)
    {
        (Optimizer, LearningRate, ScaleLearningRateByBatch, WeightDecay, MaximumGradientNorm) = (OptimizerKind.Adam, 0.01, false, 5e-5, null);
        (BatchSize, Epochs, Schedule, DecayAt, DecayFactor) = (256, 100, LearningRateSchedule.Steps, [0.4, 0.7], 0.1);
        bool cifar = recipe is NullSpaceRecipe.Cifar100In10Tasks or NullSpaceRecipe.Cifar100In20Tasks or NullSpaceRecipe.Cifar100In50Tasks;
        TrainingView = new TrainingView(TrainingViewKind.RandomResizedCrop, MinimumArea: 0.08, FlipProbability: 0);
        EvaluationView = cifar ? EvaluationView.Resize : new EvaluationView(Crop: true, Filter: ResizeFilter.Bilinear);
        Temperature = recipe switch
        {
            NullSpaceRecipe.Cifar100In20Tasks => 25,
            _ when cifar => 28,
            _ => 30,
        };
        return this;
    }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new DeepPromptMethod((DeepPromptOptions)Clone(), random);
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
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
