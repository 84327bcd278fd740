using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>
/// CLIP with prompts on both sides, as in CLIP-PGP (Qiao et al., "Prompt Gradient Projection for Continual Learning", ICLR 2024, after S-Prompts, NeurIPS 2022): a few tokens in the image tower
/// that all tasks share, and for each task a few context tokens before the class names in the text tower. There is no classifier: a class is scored by the cosine of image and text.
/// </summary>
/// <remarks>
/// The label values are the class names, unless <see cref="ClassNames"/> gives others; the text of a class is <c>X … X name.</c> with a learned vector for each X, and underscores
/// become spaces. A class that occurs in several tasks has a text with each task's context, and its score is the highest of theirs. The released code normalises pixels with
/// <see cref="Backbones.ImageNormalization.Cifar100"/>: load the CLIP with it to do the same. Under gradient projection: <c>PgpOptions.ClipReference</c>.
/// </remarks>
public sealed class ClipPromptOptions : MethodOptions
{
    /// <summary>
    /// Options with the released code's recipe in place of the defaults that other methods have:
    /// <see cref="MethodOptions.BatchSize"/> = <c>32</c>, <see cref="MethodOptions.Optimizer"/> = <see cref="OptimizerKind.Sgd"/>, <see cref="MethodOptions.LearningRate"/> = <c>0.01</c>,
    /// <see cref="MethodOptions.FirstTaskLearningRate"/> = <c>0.001</c>, <see cref="MethodOptions.ScaleLearningRateByBatch"/> = <c>false</c>,
    /// <see cref="MethodOptions.WeightDecay"/> = <c>0.0002</c>, <see cref="MethodOptions.FirstTaskWeightDecay"/> = <c>0.0005</c>,
    /// <see cref="MethodOptions.Schedule"/> = <see cref="LearningRateSchedule.Cosine"/>, <see cref="MethodOptions.MaximumGradientNorm"/> = <c>null</c>,
    /// <see cref="MethodOptions.EvaluationView"/> = <see cref="EvaluationView.ResizeAndCropBilinear"/>.
    /// </summary>
    public ClipPromptOptions()
    {
        BatchSize = 32;
        Optimizer = OptimizerKind.Sgd;
        (LearningRate, FirstTaskLearningRate, ScaleLearningRateByBatch) = (0.01, 0.001, false);
        (WeightDecay, FirstTaskWeightDecay) = (2e-4, 5e-4);
        Schedule = LearningRateSchedule.Cosine;
        MaximumGradientNorm = null;
        EvaluationView = EvaluationView.ResizeAndCropBilinear;
    }

    /// <summary>The configuration of an experiment of PGP (ICLR 2024, released code), for the baseline and for CLIP-PGP alike: that of <see cref="Recipe.SplitCifar100"/>, the only one with CLIP.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public ClipPromptOptions(Recipe recipe) : this()
    {
        if (recipe != Recipe.SplitCifar100) throw new ArgumentException($"ClipPrompt has no recipe {recipe}.", nameof(recipe));
    }

    /// <summary>The number P of tokens in the image prompt.</summary>
    /// <value>The default is 10, as in the released code; the paper's appendix is said to give 5.</value>
    public int ImagePromptLength { get; set; } = 10;

    /// <summary>What all tasks train on the side of the images.</summary>
    /// <value>The default is <see cref="ClipImageTuning.Prompt"/>.</value>
    public ClipImageTuning ImageTuning { get; set; } = ClipImageTuning.Prompt;

    /// <summary>The width of the bottleneck, for <see cref="ClipImageTuning.Adapter"/>.</summary>
    /// <value>The default is 5.</value>
    public int AdapterRank { get; set; } = 5;

    /// <summary>
    /// In every task but the first: the epochs of a second phase, which starts again from the old parameters of the images' side, without a projection but drawn towards the first phase's image
    /// features; the task ends with the mean of both phases' parameters. PEGP's released code has 5, CLIP-PGP's none.
    /// </summary>
    /// <value>The default is 0.</value>
    public int PlasticityEpochs { get; set; }

    /// <summary>The number n of context tokens before a class name. With the name's own, the end of the text and two more they must fit into CLIP's context.</summary>
    /// <value>The default is 16.</value>
    public int ContextLength { get; set; } = 16;

    /// <summary>Names for the classes, by label value (numbers in the invariant culture). Labels that are text and not listed are their own names; numbers must be listed.</summary>
    /// <value>The default is empty.</value>
    public IDictionary<string, string> ClassNames { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Whether weight decay goes on shrinking the text contexts of earlier tasks while new ones train, as an accident of the released code does (their gradients are 0 there, not absent).
    /// Otherwise they stay bit for bit as their task left them.
    /// </summary>
    /// <value>The default is false; the released code's is true.</value>
    public bool DecayOldContexts { get; set; }

    /// <summary>
    /// Computes what the released code computes, the decay of old contexts included. Its class-incremental evaluation is another matter: <c>EvaluationSetting.BatchMaximumTask</c>.
    /// </summary>
    /// <returns>These options.</returns>
    public ClipPromptOptions UseReleasedCode()
    {
        DecayOldContexts = true;
        return this;
    }

    /// <inheritdoc/>
    public override MethodOptions Clone()
    {
        var copy = (ClipPromptOptions)base.Clone();
        copy.ClassNames = new Dictionary<string, string>(ClassNames, StringComparer.Ordinal);
        return copy;
    }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new ClipPromptMethod((ClipPromptOptions)Clone(), random);
    }

    internal override IEnumerable<SizedTensor> SizedTensors
    {
        get
        {
            ClipConfig config = ((ClipModel)Backbone!).Config;
            (long, string?) rank = (AdapterRank, nameof(AdapterRank)), embed = (config.EmbedWidth, null);
            return ImageTuning == ClipImageTuning.Prompt ? [new("image_prompt", (ImagePromptLength, nameof(ImagePromptLength)), (config.Width, null))]
                : [new("image_adapter_down", rank, embed), new("image_adapter_up", embed, rank)];
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Backbone is ClipModel, nameof(Backbone), "a CLIP", Backbone?.Architecture);
        var clip = (ClipModel)Backbone!;
        OptionCheck.Require(clip.Tokenizer is not null, nameof(Backbone), $"a CLIP with a vocabulary ({ClipVocabularyFiles.Expected})", $"one without ({clip.Source ?? "made in memory"})");
        OptionCheck.Require(ImagePromptLength >= 1, nameof(ImagePromptLength), "at least 1", ImagePromptLength);
        OptionCheck.Require(Enum.IsDefined(ImageTuning), nameof(ImageTuning), "a known choice", ImageTuning);
        OptionCheck.Require(AdapterRank >= 1, nameof(AdapterRank), "at least 1", AdapterRank);
        OptionCheck.Require(PlasticityEpochs >= 0, nameof(PlasticityEpochs), "0 or more", PlasticityEpochs);
        int longest = clip.Config.ContextLength - 4;   // start, name, full stop, end
        OptionCheck.Require(ContextLength >= 1 && ContextLength <= longest, nameof(ContextLength), $"1 to {longest}, for a text tower of {clip.Config.ContextLength} tokens", ContextLength);
        foreach ((string label, string name) in ClassNames)
            OptionCheck.Require(!string.IsNullOrWhiteSpace(name), $"{nameof(ClassNames)}[{label}]", "a name", name is null ? null : $"'{name}'");
    }
}
