using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class VisualPromptConformanceTests : ConformanceSuite
{
    internal static VisualPromptOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone,
        Epochs = 1,
        BatchSize = 4,
        PromptLength = 3,
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Options(backbone));
}

[TestClass]
public sealed class VisualPromptWithConstraintConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().PromptTuning(VisualPromptConformanceTests.Options(backbone)).WithConstraint(new HalvingOptions());
}
