using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.L2P;

/// <summary>
/// Learning to Prompt (Wang et al., "Learning to Prompt for Continual Learning", CVPR 2022): a pool of prompts with keys; each image uses the
/// prompts whose keys are nearest to its query, inserted at the input of a frozen vision transformer.
/// </summary>
/// <remarks>The defaults are the paper's for Split CIFAR-100, but for the selection of prompts: <see cref="UsePaperProtocol"/> sets that as well.</remarks>
public sealed class L2POptions : MethodOptions, IClassifierAlignment
{
    /// <summary>The defaults.</summary>
    public L2POptions()
    {
    }

    /// <summary>The configuration of an experiment of PGP (ICLR 2024, appendix and released code), for the baseline and for L2P-PGP alike.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public L2POptions(Recipe recipe)
    {
        BatchSize = 16;
        switch (recipe)
        {
            case Recipe.SplitCifar100 or Recipe.SplitCifar100In20Tasks or Recipe.SplitTinyImageNet:
                (Epochs, LearningRate) = (5, 0.03);
                break;
            case Recipe.SplitCub200:
                (Epochs, LearningRate, Pooling) = (5, 0.03, PromptPooling.ClassToken);
                break;
            case Recipe.SplitImageNetR:
                (Epochs, LearningRate, PromptLength, TopK) = (50, 0.005, 30, 1);
                break;
            default:
                throw new ArgumentException($"L2P has no recipe {recipe}.", nameof(recipe));
        }
    }

    /// <summary>The number M of prompts and keys in the pool.</summary>
    /// <value>The default is 10.</value>
    public int PoolSize { get; set; } = 10;

    /// <summary>The number L of tokens in a prompt.</summary>
    /// <value>The default is 5.</value>
    public int PromptLength { get; set; } = 5;

    /// <summary>The number k of prompts an image uses; at most <see cref="PoolSize"/>.</summary>
    /// <value>The default is 5.</value>
    public int TopK { get; set; } = 5;

    /// <summary>The weight λ of the term that pulls selected keys towards the queries: loss = cross-entropy − λ · mean over images of Σ cos(query, selected key).</summary>
    /// <value>The default is 0.1.</value>
    public double PullConstraint { get; set; } = 0.1;

    /// <summary>Which output tokens the classifier sees.</summary>
    /// <value>The default is <see cref="PromptPooling.Prompt"/>.</value>
    public PromptPooling Pooling { get; set; } = PromptPooling.Prompt;

    /// <summary>What of an image is compared with the keys.</summary>
    /// <value>The default is <see cref="L2PQuery.ClassFeature"/>.</value>
    public L2PQuery Query { get; set; } = L2PQuery.ClassFeature;

    /// <summary>
    /// Whether task t trains prompts t·k … t·k + k − 1 and no others, while the pool lasts. Prediction selects by key all the same.
    /// </summary>
    /// <value>The default is false.</value>
    public bool PromptMask { get; set; }

    /// <summary>
    /// Whether prompts t·k … t·k + k − 1 start task t as copies of the k before them, which are task t − 1's under <see cref="PromptMask"/>; while the pool lasts.
    /// </summary>
    /// <value>The default is false; DualPrompt's is true.</value>
    public bool SharePrompts { get; set; }

    /// <summary>As <see cref="SharePrompts"/>, for the keys.</summary>
    /// <value>The default is false.</value>
    public bool ShareKeys { get; set; }

    /// <summary>How prompts are selected in training.</summary>
    /// <value>The default is <see cref="PromptSelection.PerImage"/>; the paper's is <see cref="PromptSelection.BatchwiseVote"/>.</value>
    public PromptSelection TrainingSelection { get; set; } = PromptSelection.PerImage;

    /// <summary>How prompts are selected in prediction.</summary>
    /// <value>The default is <see cref="PromptSelection.PerImage"/>; the paper's is <see cref="PromptSelection.BatchwiseVote"/>, which lets images of one batch help each other.</value>
    public PromptSelection PredictionSelection { get; set; } = PromptSelection.PerImage;

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

    /// <summary>Selects prompts as the paper does, in training and in prediction: by vote of the batch. Numbers obtained so depend on how the test images are batched.</summary>
    /// <returns>These options.</returns>
    public L2POptions UsePaperProtocol()
    {
        TrainingSelection = PredictionSelection = PromptSelection.BatchwiseVote;
        return this;
    }

    /// <inheritdoc/>
    public override string Protocol => PredictionSelection == PromptSelection.PerImage ? base.Protocol
        : $"prompts by vote of each batch of {PredictionBatchSize} test images";

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new L2PMethod((L2POptions)Clone(), random);
    }

    internal override IEnumerable<SizedTensor> SizedTensors
    {
        get
        {
            int width = ((VisionTransformer)Backbone!).Width;
            yield return new("prompt.prompt", (PoolSize, nameof(PoolSize)), (PromptLength, nameof(PromptLength)), (width, null));
            yield return new("prompt.prompt_key", (PoolSize, nameof(PoolSize)), (width, null));
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(HeadLearningRateScale > 0 && double.IsFinite(HeadLearningRateScale), nameof(HeadLearningRateScale), "a positive number", HeadLearningRateScale);
        Alignment?.Validate(nameof(Alignment));
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        OptionCheck.Require(PoolSize >= 1, nameof(PoolSize), "at least 1", PoolSize);
        OptionCheck.Require(PromptLength >= 1, nameof(PromptLength), "at least 1", PromptLength);
        OptionCheck.Require(TopK >= 1 && TopK <= PoolSize, nameof(TopK), $"1 to the pool size {PoolSize}", TopK);
        OptionCheck.Require(PullConstraint >= 0 && double.IsFinite(PullConstraint), nameof(PullConstraint), "0 or more", PullConstraint);
        OptionCheck.Require(Enum.IsDefined(Pooling), nameof(Pooling), "a known pooling", Pooling);
        OptionCheck.Require(Enum.IsDefined(Query), nameof(Query), "a known query", Query);
        OptionCheck.Require(Enum.IsDefined(TrainingSelection), nameof(TrainingSelection), "a known selection", TrainingSelection);
        OptionCheck.Require(Enum.IsDefined(PredictionSelection), nameof(PredictionSelection), "a known selection", PredictionSelection);
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
        OptionCheck.Require(InitialRange > 0 && double.IsFinite(InitialRange), nameof(InitialRange), "a positive number", InitialRange);
    }
}
