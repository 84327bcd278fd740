using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.ClipDeepPrompt;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class ClipDeepPromptConformanceTests : ConformanceSuite
{
    internal static ClipDeepPromptOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone, Epochs = 1, BatchSize = 4, BlockCount = 2, RefinementEpochs = 2, RefinementSamples = 3, RefinementBatchSize = 4, Templates = ["a {}", "the {}."],
        EvaluationView = EvaluationView.Resize, Seed = 11,
    };

    private protected override Backbone CreateBackbone() => TinyClip.Create();

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Options(backbone));
}

[TestClass]
public sealed class ClipDeepPromptWithoutRefinementConformanceTests : ConformanceSuite
{
    private protected override Backbone CreateBackbone() => TinyClip.Create();

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        ClipDeepPromptOptions options = ClipDeepPromptConformanceTests.Options(backbone);
        (options.RefineHead, options.TrainLogitScale) = (false, false);
        return mlContext.Continual().PromptTuning(options).WithConstraint(new HalvingOptions());
    }
}
