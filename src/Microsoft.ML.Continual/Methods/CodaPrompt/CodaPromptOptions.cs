using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>
/// CODA-Prompt (Smith et al., "CODA-Prompt: COntinual Decomposed Attention-based Prompting for Rehearsal-Free Continual Learning", CVPR 2023): an image's prompt is a weighted sum of components,
/// each weighted by how well its key answers the part of the image's query that the component attends to. A task adds components of its own and trains these alone.
/// </summary>
/// <remarks>
/// <para>Per block of <see cref="Blocks"/> there are components P [M, L, D], keys K [M, D] and attention vectors A [M, D]. With the query q, the class feature of the network without prompts, component m has
/// the weight cos(q ⊙ A_m, K_m), without a softmax; the first half of the summed prompt serves as keys and the second as values of the block's attention. All M components that exist take part, in training and in
/// prediction, so that nothing need be known of later tasks; the released code divides a fixed number of them by the number of tasks.</para>
/// <para>Components of earlier tasks keep their bits whatever the optimiser does; so do the classifier's rows of old classes, with the default mask and no weight decay. What new components add to the
/// prompts of old images is not held back. There is no projection site: a component disturbs old images as soon as it is added, and no projection of its updates undoes that.</para>
/// <para>The defaults are those of the released code, but for <see cref="Start"/>.</para>
/// </remarks>
public sealed class CodaPromptOptions : MethodOptions, IClassifierAlignment
{
    /// <summary>The defaults.</summary>
    public CodaPromptOptions()
    {
    }

    /// <summary>The configuration of an experiment of the released code: its views, its epochs, and its 100 components divided by the experiment's number of tasks.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public CodaPromptOptions(Recipe recipe)
    {
        (Epochs, ComponentsPerTask, EvaluationView) = recipe switch
        {
            Recipe.SplitCifar100 => (20, 10, new EvaluationView(false, Filter: ResizeFilter.Bilinear)),
            Recipe.SplitCifar100In20Tasks => (20, 5, new EvaluationView(false, Filter: ResizeFilter.Bilinear)),
            Recipe.SplitImageNetR => (50, 10, EvaluationView.ResizeAndCropBilinear),
            Recipe.SplitImageNetRIn50Tasks => (50, 2, EvaluationView.ResizeAndCropBilinear),
            _ => throw new ArgumentException($"CODA-Prompt has no recipe {recipe}.", nameof(recipe)),
        };
        TrainingView = new TrainingView(TrainingViewKind.RandomResizedCrop, MinimumArea: 0.08);
    }

    /// <summary>The number c of components that each task adds to each block; at most the backbone's width.</summary>
    /// <value>The default is 10.</value>
    public int ComponentsPerTask { get; set; } = 10;

    /// <summary>The number L of tokens in a component; even, for half of them are keys and half values.</summary>
    /// <value>The default is 8.</value>
    public int PromptLength { get; set; } = 8;

    /// <summary>The blocks, numbered from 0, that have prompts; at least one.</summary>
    /// <value>The default is <c>[0, 1, 2, 3, 4]</c>.</value>
    public IReadOnlyList<int> Blocks { get; set; } = [0, 1, 2, 3, 4];

    /// <summary>
    /// The weight µ of the term that keeps components, keys and attention vectors orthogonal: loss = cross-entropy + µ · Σ over blocks of O(P) + O(K) + O(A), where O(X) is the mean over the entries of (X Xᵀ − I)²
    /// and old rows take part without being moved. The paper has 0.1 on its own scale; the released code has 0.
    /// </summary>
    /// <value>The default is 0.</value>
    public double OrthogonalityWeight { get; set; }

    /// <summary>How new components, keys and attention vectors start.</summary>
    /// <value>The default is <see cref="ComponentStart.Orthonormal"/>.</value>
    /// <remarks>Where a block has more rows than their length leaves directions free for new ones, the new ones heed the latest of them only.</remarks>
    public ComponentStart Start { get; set; } = ComponentStart.Orthonormal;

    /// <summary>Which classes compete in the training loss.</summary>
    /// <value>The default is <see cref="ClassMask.CurrentTask"/>, as in the paper.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.CurrentTask;

    /// <summary>What the learning rate is multiplied by for the classifier, above 0. Few steps move components far only at a rate that is too high for a classifier.</summary>
    /// <value>The default is 1, as in the released code.</value>
    public double HeadLearningRateScale { get; set; } = 1;

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
    /// <value>The default is <see cref="LearningRateSchedule.QuarterCosine"/>.</value>
    public override LearningRateSchedule Schedule { get; set; } = LearningRateSchedule.QuarterCosine;

    /// <inheritdoc/>
    /// <value>The default is null.</value>
    public override double? MaximumGradientNorm { get; set; }

    /// <summary>Computes what the released code computes: <see cref="Start"/> is <see cref="ComponentStart.ReferenceGramSchmidt"/>.</summary>
    /// <returns>These options.</returns>
    public CodaPromptOptions UseReleasedCode()
    {
        Start = ComponentStart.ReferenceGramSchmidt;
        return this;
    }

    /// <inheritdoc/>
    public override MethodOptions Clone()
    {
        var copy = (CodaPromptOptions)base.Clone();
        copy.Blocks = Blocks is null ? null! : [.. Blocks];   // a null is for Validate to name
        return copy;
    }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new CodaPromptMethod((CodaPromptOptions)Clone());
    }

    internal override IEnumerable<SizedTensor> SizedTensors =>
        Blocks.Select(block => new SizedTensor(PromptComponents.PromptName(block), (-1, null), (PromptLength, nameof(PromptLength)), (((VisionTransformer)Backbone!).Width, null)));

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(HeadLearningRateScale > 0 && double.IsFinite(HeadLearningRateScale), nameof(HeadLearningRateScale), "a positive number", HeadLearningRateScale);
        Alignment?.Validate(nameof(Alignment));
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        VisionTransformerConfig config = ((VisionTransformer)Backbone!).Config;
        OptionCheck.Require(ComponentsPerTask >= 1 && ComponentsPerTask <= config.Width, nameof(ComponentsPerTask), $"1 to the backbone's width {config.Width}", ComponentsPerTask);
        OptionCheck.Require(PromptLength >= 2 && PromptLength % 2 == 0, nameof(PromptLength), "an even number of at least 2", PromptLength);
        OptionCheck.Require(Blocks is { Count: > 0 } && Blocks.All(b => b >= 0 && b < config.Depth) && Blocks.Distinct().Count() == Blocks.Count, nameof(Blocks),
            $"one or more different blocks of 0 to {config.Depth - 1}", Blocks is null ? null : $"[{string.Join(", ", Blocks)}]");
        OptionCheck.Require(OrthogonalityWeight >= 0 && double.IsFinite(OrthogonalityWeight), nameof(OrthogonalityWeight), "0 or more", OrthogonalityWeight);
        OptionCheck.Require(Enum.IsDefined(Start), nameof(Start), "a known start", Start);
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
    }
}
