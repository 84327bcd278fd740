using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>
/// What the parameter-efficient ways of tuning share: one small set of parameters in some blocks of a frozen vision transformer, which all tasks train one after another, and rows of a classifier for each task.
/// Without a constraint it forgets; with gradient projection it is PEGP (Qiao et al., "Gradient Projection for Continual Parameter-Efficient Tuning", TPAMI 2025): <c>PgpOptions.Pegp</c>.
/// </summary>
/// <remarks>The second phase of the released code (<see cref="PlasticityEpochs"/>) is not projected, so that what a projection promises of old tasks does not survive its merge.</remarks>
public abstract class PeftOptions : MethodOptions, IClassifierAlignment
{
    private const int UsualBlocks = 5;

    private protected PeftOptions()
    {
    }

    private protected PeftOptions(Recipe recipe)
    {
        BatchSize = 24;
        (Epochs, LearningRate) = recipe switch
        {
            Recipe.SplitCifar100 => (5, 0.03),
            Recipe.SplitImageNetR => (50, 0.005),
            _ => throw new ArgumentException($"Parameter-efficient tuning has no recipe {recipe}.", nameof(recipe)),
        };
        EvaluationView = EvaluationView.ResizeAndCropBilinear;
    }

    /// <summary>The blocks that are tuned, numbered from 0; null for the first five, or all of a network that has fewer.</summary>
    /// <value>The default is null.</value>
    public IReadOnlyList<int>? Blocks { get; set; }

    /// <summary>
    /// Whether what is added is multiplied by a factor that is trained as well, starting at 1. No projection holds it, and any change of it changes the outputs for old tasks.
    /// </summary>
    /// <value>The default is false; the released code's is true.</value>
    public bool LearnableScale { get; set; }

    /// <summary>Which classes compete in the training loss.</summary>
    /// <value>The default is <see cref="ClassMask.CurrentTask"/>, as in the released code.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.CurrentTask;

    /// <summary>What the learning rate is multiplied by for the classifier, above 0. Few steps move new rows of a classifier too little at a rate that suits what is tuned.</summary>
    /// <value>The default is 1, as in the released code.</value>
    public double HeadLearningRateScale { get; set; } = 1;

    /// <summary>How the classifier is aligned after each task but the first, on drawn features of all classes, as images have them in prediction; null not at all.</summary>
    /// <value>The default is null.</value>
    public ClassifierAlignmentOptions? Alignment { get; set; }

    /// <summary>In every task but the first: the epochs at the beginning that train the classifier only, 0 to less than <see cref="MethodOptions.Epochs"/>.</summary>
    /// <value>The default is 0; the released code's is 3 of 5 and 30 of 50.</value>
    public int FrozenEpochs { get; set; }

    /// <summary>
    /// In every task but the first: the epochs of a second phase, which starts again from the old parameters, without a projection but drawn towards the final features of the first phase's; the
    /// task ends with (1 − β) times the first phase's parameters and β times the second's, β = 1 / (t + <see cref="MergeOffset"/>) in the t-th task after the first. 0 for no second phase.
    /// </summary>
    /// <value>The default is 0; the released code's is 1 with 5 epochs and 17 with 50.</value>
    public int PlasticityEpochs { get; set; }

    /// <summary>α, above 0, in the share of the second phase; see <see cref="PlasticityEpochs"/>. A share above 1 counts as 1.</summary>
    /// <value>The default is 1; the released code's for low-rank updates with 5 epochs is 0.5.</value>
    public double MergeOffset { get; set; } = 1;

    /// <inheritdoc/>
    /// <value>The default is null.</value>
    public override double? MaximumGradientNorm { get; set; }

    /// <inheritdoc/>
    public override MethodOptions Clone()
    {
        var copy = (PeftOptions)base.Clone();
        copy.Blocks = Blocks is null ? null : [.. Blocks];
        return copy;
    }

    /// <inheritdoc/>
    public sealed override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        var copy = (PeftOptions)Clone();
        return new PeftMethod(copy, copy.CreateModule(random));
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        Alignment?.Validate(nameof(Alignment));
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        int depth = Network.Config.Depth;
        OptionCheck.Require(Blocks is null || Blocks.Count > 0 && Blocks.All(b => b >= 0 && b < depth) && Blocks.Distinct().Count() == Blocks.Count, nameof(Blocks),
            $"one or more different blocks of 0 to {depth - 1}, or null", Blocks is null ? null : $"[{string.Join(", ", Blocks)}]");
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
        OptionCheck.Require(HeadLearningRateScale > 0 && double.IsFinite(HeadLearningRateScale), nameof(HeadLearningRateScale), "a positive number", HeadLearningRateScale);
        OptionCheck.Require(FrozenEpochs >= 0 && FrozenEpochs < Epochs, nameof(FrozenEpochs), $"0 to {Epochs - 1}, less than {nameof(Epochs)}", FrozenEpochs);
        OptionCheck.Require(PlasticityEpochs >= 0, nameof(PlasticityEpochs), "0 or more", PlasticityEpochs);
        OptionCheck.Require(MergeOffset > 0 && double.IsFinite(MergeOffset), nameof(MergeOffset), "a positive number", MergeOffset);
    }

    internal VisionTransformer Network => (VisionTransformer)Backbone!;

    /// <summary>The blocks, in ascending order.</summary>
    internal IReadOnlyList<int> TunedBlocks => Blocks is null ? [.. Enumerable.Range(0, Math.Min(UsualBlocks, Network.Config.Depth))] : [.. Blocks.Order()];

    /// <summary>β of the merge after the t-th task after the first.</summary>
    internal double MergeShare(int t) => Math.Min(1, 1 / (t + MergeOffset));

    private protected abstract PeftModule CreateModule(SeededRandom random);

    /// <summary>The two phases and the trained factors of the released code, for the present number of epochs.</summary>
    private protected void SetReleasedCode(double shortOffset)
    {
        LearnableScale = true;
        (FrozenEpochs, PlasticityEpochs) = (Epochs * 3 / 5, Math.Max(1, Epochs * 17 / 50));
        MergeOffset = Epochs == 5 ? shortOffset : 1;
    }
}
