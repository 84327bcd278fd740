using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.ClipDeepPrompt;

/// <summary>
/// CLIP with deep visual prompts, as in CLIP-NSP² (Lu et al., "Visual Prompt Tuning in Null Space for Continual Learning", NeurIPS 2024): prompts in the first blocks of the image tower and the
/// scale of the logits are trained, images are compared with the texts of the classes, and after each task the projection of the image tower is trained again on features drawn from the
/// statistics of all classes seen. By itself it is the paper's baseline CLIP-Seq; the projection of steps is <c>WithNullSpaceProjection(NullSpaceOptions.Clip)</c>.
/// </summary>
/// <remarks>The label values are the class names, unless <see cref="ClassNames"/> gives others; underscores become spaces.</remarks>
public sealed class ClipDeepPromptOptions : MethodOptions
{
    /// <summary>The defaults: the paper's, but for epochs, batch, schedule, weight decay and templates.</summary>
    public ClipDeepPromptOptions()
    {
    }

    /// <summary>
    /// What the paper and its code train a row of their tables with: batches of 220, 20 epochs, weight decay 5e-5, the rate divided by 10 after 8 and 14 epochs (the released code's steps; the
    /// paper says 10 and 16), AutoAugment and random crops without a flip, the benchmark's templates.
    /// </summary>
    /// <remarks>As in the released code, AutoAugment works on images of their own size.</remarks>
    /// <param name="recipe">The row.</param>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public ClipDeepPromptOptions(Recipe recipe)
    {
        (BatchSize, Epochs, WeightDecay) = (220, 20, 5e-5);
        (Schedule, DecayAt, DecayFactor) = (LearningRateSchedule.Steps, [0.4, 0.7], 0.1);
        EvaluationView = new EvaluationView(Crop: true, ResizeRatio: 1);
        Templates = recipe switch
        {
            Recipe.SplitCifar100 or Recipe.SplitCifar100In20Tasks or Recipe.SplitCifar100In50Tasks => ClipTemplates.Cifar100,
            Recipe.SplitImageNetR or Recipe.SplitImageNetRIn50Tasks or Recipe.SplitImageNetRIn100Tasks => ClipTemplates.ImageNetR,
            Recipe.SplitDomainNet or Recipe.SplitDomainNetIn50Tasks or Recipe.SplitDomainNetIn100Tasks => ClipTemplates.DomainNet,
            _ => throw new ArgumentException($"CLIP with deep prompts has no recipe {recipe}.", nameof(recipe)),
        };
        TrainingView = Templates == ClipTemplates.Cifar100 ? TrainingViews.Cifar : TrainingViews.ImageNet;
    }

    /// <summary>The number M of prompts of a block.</summary>
    /// <value>The default is 4.</value>
    public int PromptLength { get; set; } = 4;

    /// <summary>The first block of the image tower with prompts, 0-based.</summary>
    /// <value>The default is 0.</value>
    public int FirstBlock { get; set; }

    /// <summary>The number of blocks with prompts, from <see cref="FirstBlock"/> on; null for all that follow.</summary>
    /// <value>The default is 3.</value>
    public int? BlockCount { get; set; } = 3;

    /// <summary>Prompts start uniform in [−range, range), once, before the first task.</summary>
    /// <value>The default is 1.</value>
    public double InitialRange { get; set; } = 1;

    /// <summary>What the logits are divided by in the training loss, beside their own scale.</summary>
    /// <value>The default is 1.</value>
    public double Temperature { get; set; } = 1;

    /// <summary>Whether the scale of the logits is trained with the prompts. It is not bounded.</summary>
    /// <value>The default is true.</value>
    public bool TrainLogitScale { get; set; } = true;

    /// <summary>The sentences in which class names stand, at least one, each with <c>{}</c> for the name. A class's text feature is the mean over them, each of unit length.</summary>
    /// <value>The default is <c>["a photo of a {}."]</c>; see <see cref="ClipTemplates"/>.</value>
    public IReadOnlyList<string> Templates { get; set; } = ["a photo of a {}."];

    /// <summary>Names for the classes, by label value (numbers in the invariant culture). Labels that are text and not listed are their own names; numbers must be listed.</summary>
    /// <value>The default is empty.</value>
    public IDictionary<string, string> ClassNames { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether the projection of the image tower is refined after each task. It costs a pass over the task's images and keeps mean and covariance of each class: 2.4 MB at 768 channels.</summary>
    /// <value>The default is true.</value>
    public bool RefineHead { get; set; } = true;

    /// <summary>Epochs of the refinement, each on features drawn anew.</summary>
    /// <value>The default is 50.</value>
    public int RefinementEpochs { get; set; } = 50;

    /// <summary>The number of features drawn of each class in each of these epochs.</summary>
    /// <value>The default is 256.</value>
    public int RefinementSamples { get; set; } = 256;

    /// <summary>Features a step of the refinement.</summary>
    /// <value>The default is 256.</value>
    public int RefinementBatchSize { get; set; } = 256;

    /// <summary>The rate of the refinement's SGD, which has a momentum of 0.9 in Nesterov's way.</summary>
    /// <value>The default is 0.001.</value>
    public double RefinementLearningRate { get; set; } = 0.001;

    /// <summary>The weight decay of the refinement, of the weight and not of the bias.</summary>
    /// <value>The default is 1e-4.</value>
    public double RefinementWeightDecay { get; set; } = 1e-4;

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
    public override MethodOptions Clone()
    {
        var copy = (ClipDeepPromptOptions)base.Clone();
        copy.ClassNames = new Dictionary<string, string>(ClassNames, StringComparer.Ordinal);
        copy.Templates = [.. Templates];
        return copy;
    }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new ClipDeepPromptMethod((ClipDeepPromptOptions)Clone(), random);
    }

    internal override IEnumerable<SizedTensor> SizedTensors
    {
        get
        {
            ClipConfig config = ((ClipModel)Backbone!).Config;
            return DeepPrompts.Sizes(FirstBlock, BlockCount ?? config.Depth - FirstBlock, (PromptLength, nameof(PromptLength)), config.Width);
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Backbone is ClipModel, nameof(Backbone), "a CLIP", Backbone?.Architecture);
        var clip = (ClipModel)Backbone!;
        OptionCheck.Require(clip.Tokenizer is not null, nameof(Backbone), $"a CLIP with a vocabulary ({ClipVocabularyFiles.Expected})", $"one without ({clip.Source ?? "made in memory"})");
        int depth = clip.Config.Depth;
        OptionCheck.Require(PromptLength >= 1, nameof(PromptLength), "at least 1", PromptLength);
        OptionCheck.Require(FirstBlock >= 0 && FirstBlock < depth, nameof(FirstBlock), $"0 to {depth - 1}, a block of the image tower", FirstBlock);
        OptionCheck.Require(BlockCount is null || BlockCount >= 1 && BlockCount <= depth - FirstBlock, nameof(BlockCount), $"1 to {depth - FirstBlock}, the blocks from {FirstBlock} on, or null", BlockCount);
        OptionCheck.Require(InitialRange > 0 && double.IsFinite(InitialRange), nameof(InitialRange), "a positive number", InitialRange);
        OptionCheck.Require(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), "a positive number", Temperature);
        OptionCheck.Require(Templates is { Count: > 0 } && Templates.All(t => t is not null && t.Contains(ClassTexts.Placeholder, StringComparison.Ordinal)), nameof(Templates),
            $"sentences with {ClassTexts.Placeholder} for the name", Templates is null ? null : string.Join(" | ", Templates));
        OptionCheck.Require(RefinementEpochs >= 1, nameof(RefinementEpochs), "at least 1", RefinementEpochs);
        OptionCheck.Require(RefinementSamples >= 1, nameof(RefinementSamples), "at least 1", RefinementSamples);
        OptionCheck.Require(RefinementBatchSize >= 1, nameof(RefinementBatchSize), "at least 1", RefinementBatchSize);
        OptionCheck.Require(RefinementLearningRate > 0 && double.IsFinite(RefinementLearningRate), nameof(RefinementLearningRate), "a positive number", RefinementLearningRate);
        OptionCheck.Require(RefinementWeightDecay >= 0 && double.IsFinite(RefinementWeightDecay), nameof(RefinementWeightDecay), "0 or more", RefinementWeightDecay);
        foreach ((string label, string name) in ClassNames)
            OptionCheck.Require(!string.IsNullOrWhiteSpace(name), $"{nameof(ClassNames)}[{label}]", "a name", name is null ? null : $"'{name}'");
    }
}
