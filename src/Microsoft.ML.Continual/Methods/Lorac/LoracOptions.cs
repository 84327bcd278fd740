using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>
/// LoRAC-IPC ("Low-rank adaptation composition with important-parameter constraints", Pattern Recognition 2025, arXiv 2504.13407): each task adds a low-rank update of its own to the weight matrices of a
/// frozen vision transformer; the updates of earlier tasks stay, weighted by trainable factors ω. A penalty keeps the down-projections of all tasks orthonormal, and after each task the weight matrices
/// that mattered most to it are frozen for good (IPC). The classifier is then aligned on features drawn from class statistics.
/// </summary>
/// <remarks>
/// The defaults are those of the released code for Split CIFAR-100 on ViT-B/16 of ImageNet-21k, without inference of the task. For prediction the updates are merged into the weights: an image costs what it costs
/// in the plain network, and twice that with <see cref="TaskInference"/>. A <see cref="LearningRate"/> is used as it is, not scaled by the batch. The classifier has rows of seen classes only, so that nothing unseen can win.
/// </remarks>
public sealed class LoracOptions : MethodOptions, IClassifierAlignment
{
    /// <summary>The defaults.</summary>
    public LoracOptions()
    {
    }

    /// <summary>What the released code trains a benchmark with, on ViT-B/16 of augmented ImageNet-21k: batches of 128. Split CUB-200 has ImageNet-R's settings, as the paper's code has none.</summary>
    /// <remarks>The published rows with inference of the task set <see cref="TaskInference"/>: 4 clusters, on ImageNet-R 2.</remarks>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public LoracOptions(Recipe recipe)
    {
        BatchSize = 128;
        (Epochs, Rank, OrthogonalityWeight) = recipe switch
        {
            Recipe.SplitCifar100 or Recipe.SplitCifar100In20Tasks => (10, 16, 0.5),
            Recipe.SplitImageNetR or Recipe.SplitCub200 => (50, 32, 1.0),
            _ => throw new ArgumentException($"LoRAC has no recipe {recipe}.", nameof(recipe)),
        };
    }

    /// <summary>The rank r of each task's update. Only while tasks · r is at most the width can all down-projections be orthonormal.</summary>
    /// <value>The default is 16.</value>
    public int Rank { get; set; } = 16;

    /// <summary>Which weight matrices have updates.</summary>
    /// <value>The default is <see cref="LoracPlacement.All"/>.</value>
    public LoracPlacement Placement { get; set; } = LoracPlacement.All;

    /// <summary>The first block with updates, 0-based.</summary>
    /// <value>The default is 0.</value>
    public int FirstBlock { get; set; }

    /// <summary>The number of blocks with updates, from <see cref="FirstBlock"/> on; null for all that follow.</summary>
    /// <value>The default is null.</value>
    public int? BlockCount { get; set; }

    /// <summary>What the penalty makes orthonormal.</summary>
    /// <value>The default is <see cref="LoracOrthogonality.Direct"/>, as released; the paper's is <see cref="LoracOrthogonality.Qr"/>.</value>
    public LoracOrthogonality Orthogonality { get; set; } = LoracOrthogonality.Direct;

    /// <summary>The weight λ of the penalty; 0 for none.</summary>
    /// <value>The default is 0.5.</value>
    public double OrthogonalityWeight { get; set; } = 0.5;

    /// <summary>What the learning rate is multiplied by for the factors ω of earlier updates.</summary>
    /// <value>The default is 1.</value>
    public double OmegaLearningRateScale { get; set; } = 1;

    /// <summary>
    /// The share θ of the weight matrices that is frozen after each task; its whole part counts. 0 is LoRAC without IPC: nothing is frozen, no importance is measured, and steps are cheaper.
    /// </summary>
    /// <value>The default is 0.05.</value>
    public double FrozenShare { get; set; } = 0.05;

    /// <summary>Whether <see cref="FrozenShare"/> is of the matrices that are not frozen yet (the released code's <c>new_mask</c>) in place of all.</summary>
    /// <value>The default is false.</value>
    public bool ShareOfRemaining { get; set; }

    /// <summary>β₁, how slowly importance follows the steps.</summary>
    /// <value>The default is 0.85.</value>
    public double ImportanceDecay { get; set; } = 0.85;

    /// <summary>β₂, how slowly the uncertainty of importance follows the steps.</summary>
    /// <value>The default is 0.85.</value>
    public double UncertaintyDecay { get; set; } = 0.85;

    /// <summary>Whether all matrices that reach the score of the last one chosen are frozen, and everything once fewer are left than asked for, as in the released code. Otherwise exactly so many as asked for, or all that are left.</summary>
    /// <value>The default is false.</value>
    public bool ReferenceFreezing { get; set; }

    /// <summary>Whether a block's keys get new updates as long as its queries do, whether or not the keys are frozen: a slip of the released code.</summary>
    /// <value>The default is false.</value>
    public bool KeysUseQueryMask { get; set; }

    /// <summary>Which classes compete in the training loss.</summary>
    /// <value>The default is <see cref="ClassMask.CurrentTask"/>, as in the paper.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.CurrentTask;

    /// <summary>What the learning rate is multiplied by for the classifier, above 0. Few steps move low-rank updates far only at a rate that is too high for a classifier.</summary>
    /// <value>The default is 1, as in the released code.</value>
    public double HeadLearningRateScale { get; set; } = 1;

    /// <summary>How the classifier is aligned after each task but the first; null not at all.</summary>
    /// <value>The default is <see cref="ClassifierAlignmentOptions.Default"/>.</value>
    public ClassifierAlignmentOptions? Alignment { get; set; } = ClassifierAlignmentOptions.Default;

    /// <summary>How an image's task is inferred, whose composition it is then scored with; null scores all with the newest.</summary>
    /// <value>The default is null.</value>
    public TaskInferenceOptions? TaskInference { get; set; }

    /// <summary>
    /// How many compositions a model keeps merged, beyond those of the first and the newest task, when it knows or infers the task. One of ViT-B/16 with <see cref="LoracPlacement.All"/> takes 340 MB in
    /// float32. Others are merged anew for each batch that needs them, which costs about one more image.
    /// </summary>
    /// <value>The default is 8.</value>
    public int MergedCompositions { get; set; } = 8;

    /// <inheritdoc/>
    /// <value>The default is 10.</value>
    public override int Epochs { get; set; } = 10;

    /// <inheritdoc/>
    /// <value>The default is 64.</value>
    public override int BatchSize { get; set; } = 64;

    /// <inheritdoc/>
    /// <value>The default is 0.0015.</value>
    public override double LearningRate { get; set; } = 0.0015;

    /// <inheritdoc/>
    /// <value>The default is false.</value>
    public override bool ScaleLearningRateByBatch { get; set; }

    /// <inheritdoc/>
    public override string Protocol => TaskInference is not { BatchVote: true } ? base.Protocol
        : $"each batch of {PredictionBatchSize} test images by the composition of the task that most of them seem to come from: with batches of one task this leaks the task";

    /// <summary>Computes as the released code does: queries' masks for keys, its ways to freeze and to treat clusters of one image, the cosine one epoch late down to 1e-5, and drawing all features of which alignment uses some. Options given later are not changed.</summary>
    /// <returns>These options.</returns>
    public LoracOptions UseReleasedCode()
    {
        KeysUseQueryMask = ReferenceFreezing = true;
        (Schedule, MinimumLearningRate) = (LearningRateSchedule.DelayedCosine, 1e-5);
        if (Alignment is { } alignment) Alignment = alignment with { DrawAll = true };
        if (TaskInference is { } inference) TaskInference = inference with { ReferenceCovariance = true };
        return this;
    }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new LoracMethod((LoracOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        VisionTransformerConfig config = ((VisionTransformer)Backbone!).Config;
        OptionCheck.Require(Rank >= 1 && Rank <= config.Width, nameof(Rank), $"1 to the width {config.Width}", Rank);
        OptionCheck.Require(Enum.IsDefined(Placement), nameof(Placement), "a known placement", Placement);
        OptionCheck.Require(FirstBlock >= 0 && FirstBlock < config.Depth, nameof(FirstBlock), $"0 to {config.Depth - 1}, a block of the backbone", FirstBlock);
        OptionCheck.Require(BlockCount is null || BlockCount >= 1 && BlockCount <= config.Depth - FirstBlock, nameof(BlockCount), $"1 to {config.Depth - FirstBlock}, the blocks from {FirstBlock} on, or null", BlockCount);
        OptionCheck.Require(Enum.IsDefined(Orthogonality), nameof(Orthogonality), "a known kind", Orthogonality);
        OptionCheck.Require(OrthogonalityWeight >= 0 && double.IsFinite(OrthogonalityWeight), nameof(OrthogonalityWeight), "0 or more", OrthogonalityWeight);
        OptionCheck.Require(OmegaLearningRateScale > 0 && double.IsFinite(OmegaLearningRateScale), nameof(OmegaLearningRateScale), "a positive number", OmegaLearningRateScale);
        OptionCheck.Require(FrozenShare is >= 0 and <= 1, nameof(FrozenShare), "in [0, 1]", FrozenShare);
        OptionCheck.Require(ImportanceDecay is >= 0 and < 1, nameof(ImportanceDecay), "in [0, 1)", ImportanceDecay);
        OptionCheck.Require(UncertaintyDecay is >= 0 and < 1, nameof(UncertaintyDecay), "in [0, 1)", UncertaintyDecay);
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
        OptionCheck.Require(MergedCompositions >= 0, nameof(MergedCompositions), "0 or more", MergedCompositions);
        OptionCheck.Require(HeadLearningRateScale > 0 && double.IsFinite(HeadLearningRateScale), nameof(HeadLearningRateScale), "a positive number", HeadLearningRateScale);
        Alignment?.Validate(nameof(Alignment));
        TaskInference?.Validate(nameof(TaskInference));
    }
}
