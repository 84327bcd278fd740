using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.ClipDeepPrompt;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Pgp.Tests.Conformance;

/// <summary>Deep prompts with a preset of the null-space projection, through the suite that every method and constraint must pass.</summary>
public abstract class DeepPromptWithNullSpaceConformance : ConformanceSuite
{
    private protected abstract NullSpaceOptions Options { get; }

    private protected sealed override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual()
        .PromptTuning(new DeepPromptOptions { Backbone = backbone, Epochs = 1, BatchSize = 4, WeightDecay = 5e-5, EvaluationView = EvaluationView.Resize, Seed = 11 })
        .WithNullSpaceProjection(Options);
}

[TestClass]
public sealed class DeepPromptWithNullSpaceConformanceTests : DeepPromptWithNullSpaceConformance
{
    private protected override NullSpaceOptions Options => new();
}

[TestClass]
public sealed class DeepPromptWithReferenceNullSpaceConformanceTests : DeepPromptWithNullSpaceConformance
{
    private protected override NullSpaceOptions Options => NullSpaceOptions.Reference;
}

[TestClass]
public sealed class DeepPromptWithPaperNullSpaceConformanceTests : DeepPromptWithNullSpaceConformance
{
    private protected override NullSpaceOptions Options
    {
        get
        {
            NullSpaceOptions options = NullSpaceOptions.Paper;
            (options.CovarianceWeights, options.Audit) = (CovarianceWeights.BatchMeans, false);
            return options;
        }
    }
}

[TestClass]
public sealed class DeepPromptWithStrictNullSpaceConformanceTests : DeepPromptWithNullSpaceConformance
{
    private protected override NullSpaceOptions Options => NullSpaceOptions.Strict;
}

/// <summary>Sites of which no more is known than their activations.</summary>
[TestClass]
public sealed class L2PWithNullSpaceConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual()
        .PromptTuning(new L2POptions { Backbone = backbone, Epochs = 1, BatchSize = 4, PoolSize = 4, PromptLength = 2, TopK = 2, EvaluationView = EvaluationView.Resize, Seed = 11 })
        .WithNullSpaceProjection();
}

/// <summary>PGP on deep prompts: the tokens that enter each block are their activations.</summary>
[TestClass]
public sealed class DeepPromptWithStackedConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual()
        .PromptTuning(new DeepPromptOptions { Backbone = backbone, Epochs = 1, BatchSize = 4, EvaluationView = EvaluationView.Resize, Seed = 11 })
        .WithGradientProjection();
}

[TestClass]
public sealed class ClipDeepPromptWithNullSpaceConformanceTests : ConformanceSuite
{
    private protected override Backbone CreateBackbone() => TinyClip.Create();

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual()
        .PromptTuning(new ClipDeepPromptOptions
        {
            Backbone = backbone, Epochs = 1, BatchSize = 4, BlockCount = 2, RefinementEpochs = 2, RefinementSamples = 3, Templates = ["a {}"], EvaluationView = EvaluationView.Resize, Seed = 11,
        })
        .WithNullSpaceProjection(NullSpaceOptions.Clip);
}

[TestClass]
public sealed class DualPromptWithNullSpaceConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual()
        .PromptTuning(new DualPromptOptions
        {
            Backbone = backbone, Epochs = 1, BatchSize = 4, GPromptLength = 2, EPromptLength = 2, GBlocks = [0], EBlocks = [1], PoolSize = 3, EvaluationView = EvaluationView.Resize, Seed = 11,
        })
        .WithNullSpaceProjection();
}
