using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>
/// DualPrompt (Wang et al., "DualPrompt: Complementary Prompting for Rehearsal-free Continual Learning", ECCV 2022): G-prompts that all tasks share in early blocks of a frozen vision transformer, and
/// behind them a pool of E-prompts, of which each task trains one of its own and prediction picks the one whose key is nearest.
/// </summary>
/// <remarks>
/// The defaults are those of the paper and its code, but for the selection of prompts in prediction, which is per image (<see cref="UsePaperProtocol"/> sets the batch's vote), and for
/// <see cref="EPromptLayout"/>. Rate, batch and epochs are <see cref="MethodOptions"/>'; those of the experiments come with a <see cref="Recipe"/>.
/// </remarks>
public sealed class DualPromptOptions : MethodOptions, IClassifierAlignment
{
    /// <summary>The defaults.</summary>
    public DualPromptOptions()
    {
    }

    /// <summary>The configuration of an experiment of PGP (ICLR 2024, appendix and released code), for the baseline and for DualPrompt-PGP alike.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public DualPromptOptions(Recipe recipe)
    {
        BatchSize = 24;
        (Epochs, LearningRate, EPromptLength) = recipe switch
        {
            Recipe.SplitCifar100 or Recipe.SplitCifar100In20Tasks => (20, 0.03, 5),
            Recipe.SplitTinyImageNet => (5, 0.03, 5),
            Recipe.SplitCub200 => (10, 0.03, 5),
            Recipe.SplitImageNetR => (50, 0.005, 20),
            _ => throw new ArgumentException($"DualPrompt has no recipe {recipe}.", nameof(recipe)),
        };
    }

    /// <summary>The number L of tokens in a G-prompt.</summary>
    /// <value>The default is 5.</value>
    public int GPromptLength { get; set; } = 5;

    /// <summary>The number L of tokens in an E-prompt.</summary>
    /// <value>The default is 5.</value>
    public int EPromptLength { get; set; } = 5;

    /// <summary>The blocks, numbered from 0, that have a G-prompt; may be empty.</summary>
    /// <value>The default is <c>[0, 1]</c>.</value>
    public IReadOnlyList<int> GBlocks { get; set; } = [0, 1];

    /// <summary>The blocks, numbered from 0, that have E-prompts; at least one, and none of <see cref="GBlocks"/>.</summary>
    /// <value>The default is <c>[2, 3, 4]</c>.</value>
    public IReadOnlyList<int> EBlocks { get; set; } = [2, 3, 4];

    /// <summary>How G-prompts enter their blocks.</summary>
    /// <value>The default is <see cref="PromptMode.PrefixTuning"/>.</value>
    public PromptMode GMode { get; set; } = PromptMode.PrefixTuning;

    /// <summary>How E-prompts enter their blocks.</summary>
    /// <value>The default is <see cref="PromptMode.PrefixTuning"/>.</value>
    public PromptMode EMode { get; set; } = PromptMode.PrefixTuning;

    /// <summary>The number M of E-prompts and keys; each E-prompt stands in every block of <see cref="EBlocks"/>. Tasks beyond M/k select by key in training too and overwrite older ones.</summary>
    /// <value>The default is 10.</value>
    public int PoolSize { get; set; } = 10;

    /// <summary>The number k of E-prompts an image uses; at most <see cref="PoolSize"/>.</summary>
    /// <value>The default is 1.</value>
    public int TopK { get; set; } = 1;

    /// <summary>The weight λ of the term that pulls selected keys towards the queries: loss = cross-entropy − λ · mean over images of Σ cos(query, selected key).</summary>
    /// <value>The default is 1.</value>
    public double PullConstraint { get; set; } = 1;

    /// <summary>Whether task t trains E-prompts t·k … t·k + k − 1 and no others, while the pool lasts. Prediction selects by key all the same.</summary>
    /// <value>The default is true.</value>
    public bool PromptMask { get; set; } = true;

    /// <summary>Whether a task's own E-prompts start as copies of those of the task before, while the pool lasts.</summary>
    /// <value>The default is true.</value>
    public bool SharePrompts { get; set; } = true;

    /// <summary>As <see cref="SharePrompts"/>, for the keys.</summary>
    /// <value>The default is false.</value>
    public bool ShareKeys { get; set; }

    /// <summary>How E-prompts are selected in training where <see cref="PromptMask"/> does not give them.</summary>
    /// <value>The default is <see cref="PromptSelection.PerImage"/>; the paper's is <see cref="PromptSelection.BatchwiseVote"/>.</value>
    public PromptSelection TrainingSelection { get; set; } = PromptSelection.PerImage;

    /// <summary>How E-prompts are selected in prediction.</summary>
    /// <value>The default is <see cref="PromptSelection.PerImage"/>; the paper's is <see cref="PromptSelection.BatchwiseVote"/> but for ImageNet-R.</value>
    public PromptSelection PredictionSelection { get; set; } = PromptSelection.PerImage;

    /// <summary>Which half of an E-prompt serves as keys and which as values; for <see cref="PromptMode.PrefixTuning"/>.</summary>
    /// <value>The default is <see cref="EPromptLayout.Correct"/>.</value>
    public EPromptLayout EPromptLayout { get; set; } = EPromptLayout.Correct;

    /// <summary>Which E-prompts images see while their activations are collected for a projection; each image selects by itself.</summary>
    /// <value>The default is <see cref="ActivationPrompts.ByClassFeature"/>.</value>
    public ActivationPrompts ActivationPrompts { get; set; } = ActivationPrompts.ByClassFeature;

    /// <summary>Which classes compete in the training loss.</summary>
    /// <value>The default is <see cref="ClassMask.CurrentTask"/>, as in the paper.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.CurrentTask;

    /// <summary>What the learning rate is multiplied by for the classifier, above 0. Few steps move prompts far only at a rate that is too high for a classifier.</summary>
    /// <value>The default is 1, as in the released code.</value>
    public double HeadLearningRateScale { get; set; } = 1;

    /// <summary>How the classifier is aligned after each task but the first, on drawn features of all classes, as images have them in prediction; null not at all.</summary>
    /// <value>The default is null.</value>
    public ClassifierAlignmentOptions? Alignment { get; set; }

    /// <summary>Prompts and keys start uniform in [−range, range).</summary>
    /// <value>The default is 1.</value>
    public double InitialRange { get; set; } = 1;

    /// <summary>Selects E-prompts as the paper does, by vote of the batch. Numbers obtained so depend on how the test images are batched.</summary>
    /// <returns>These options.</returns>
    public DualPromptOptions UsePaperProtocol()
    {
        TrainingSelection = PredictionSelection = PromptSelection.BatchwiseVote;
        return this;
    }

    /// <summary>Computes what the released code computes, its defects included: vote of the batch, reshaped E-prompts, and another query where activations are collected.</summary>
    /// <returns>These options.</returns>
    public DualPromptOptions UseReleasedCode()
    {
        UsePaperProtocol();
        EPromptLayout = EPromptLayout.ReferenceReshape;
        ActivationPrompts = ActivationPrompts.ByTokenMaximum;
        return this;
    }

    /// <inheritdoc/>
    public override string Protocol => PredictionSelection == PromptSelection.BatchwiseVote ? $"prompts by vote of each batch of {PredictionBatchSize} test images"
        : EPromptLayout == EPromptLayout.ReferenceReshape && EMode == PromptMode.PrefixTuning ? $"each image by its place in its batch of {PredictionBatchSize} test images" : base.Protocol;

    /// <inheritdoc/>
    public override MethodOptions Clone()
    {
        var copy = (DualPromptOptions)MemberwiseClone();
        copy.GBlocks = GBlocks is null ? null! : [.. GBlocks];   // a null is for Validate to name
        copy.EBlocks = EBlocks is null ? null! : [.. EBlocks];
        return copy;
    }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new DualPromptMethod((DualPromptOptions)Clone(), random);
    }

    internal override IEnumerable<SizedTensor> SizedTensors
    {
        get
        {
            VisionTransformerConfig config = ((VisionTransformer)Backbone!).Config;
            (long, string?) general = (GPromptLength, nameof(GPromptLength)), expert = (EPromptLength, nameof(EPromptLength)), pool = (PoolSize, nameof(PoolSize));
            (long, string?) g = (GBlocks.Count, nameof(GBlocks)), e = (EBlocks.Count, nameof(EBlocks)), width = (config.Width, null), heads = (config.Heads, null), d = (config.HeadWidth, null);
            if (GBlocks.Count > 0) yield return GMode == PromptMode.PrefixTuning ? new("g_prompt", g, (2, nameof(GMode)), general, heads, d) : new("g_prompt", g, general, width);
            yield return EMode == PromptMode.PrefixTuning ? new("e_prompt.prompt", e, (2, nameof(EMode)), pool, expert, heads, d) : new("e_prompt.prompt", e, pool, expert, width);
            yield return new("e_prompt.prompt_key", pool, width);
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
        OptionCheck.Require(GPromptLength >= 1, nameof(GPromptLength), "at least 1", GPromptLength);
        OptionCheck.Require(EPromptLength >= 1, nameof(EPromptLength), "at least 1", EPromptLength);
        OptionCheck.Require(GBlocks is not null && AreBlocks(GBlocks, depth), nameof(GBlocks), $"different blocks of 0 to {depth - 1}", Words(GBlocks));
        OptionCheck.Require(EBlocks is { Count: > 0 } && AreBlocks(EBlocks, depth), nameof(EBlocks), $"one or more different blocks of 0 to {depth - 1}", Words(EBlocks));
        OptionCheck.Require(!EBlocks!.Intersect(GBlocks!).Any(), nameof(EBlocks), $"none of the G-prompts' blocks {Words(GBlocks)}", Words(EBlocks));
        OptionCheck.Require(Enum.IsDefined(GMode), nameof(GMode), "a known mode", GMode);
        OptionCheck.Require(Enum.IsDefined(EMode), nameof(EMode), "a known mode", EMode);
        OptionCheck.Require(PoolSize >= 1, nameof(PoolSize), "at least 1", PoolSize);
        OptionCheck.Require(TopK >= 1 && TopK <= PoolSize, nameof(TopK), $"1 to the pool size {PoolSize}", TopK);
        OptionCheck.Require(PullConstraint >= 0 && double.IsFinite(PullConstraint), nameof(PullConstraint), "0 or more", PullConstraint);
        OptionCheck.Require(Enum.IsDefined(TrainingSelection), nameof(TrainingSelection), "a known selection", TrainingSelection);
        OptionCheck.Require(Enum.IsDefined(PredictionSelection), nameof(PredictionSelection), "a known selection", PredictionSelection);
        OptionCheck.Require(Enum.IsDefined(EPromptLayout), nameof(EPromptLayout), "a known layout", EPromptLayout);
        OptionCheck.Require(Enum.IsDefined(ActivationPrompts), nameof(ActivationPrompts), "a known choice", ActivationPrompts);
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
        OptionCheck.Require(InitialRange > 0 && double.IsFinite(InitialRange), nameof(InitialRange), "a positive number", InitialRange);
    }

    private static bool AreBlocks(IReadOnlyList<int> blocks, int depth) => blocks.All(b => b >= 0 && b < depth) && blocks.Distinct().Count() == blocks.Count;

    private static string? Words(IReadOnlyList<int>? blocks) => blocks is null ? null : $"[{string.Join(", ", blocks)}]";
}
