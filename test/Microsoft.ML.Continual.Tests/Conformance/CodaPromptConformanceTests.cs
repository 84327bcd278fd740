using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.CodaPrompt;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>Forty tasks of two components each are more than the backbone's 16 channels can hold apart.</summary>
[TestClass]
public sealed class CodaPromptConformanceTests : ConformanceSuite
{
    internal static CodaPromptOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone,
        Epochs = 2,
        BatchSize = 4,
        ComponentsPerTask = 2,
        PromptLength = 2,
        Blocks = [0, 1],
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Options(backbone));
}

/// <summary>The published start, the orthogonality term, and queries kept from epoch to epoch.</summary>
[TestClass]
public sealed class CodaPromptAsReleasedConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        CodaPromptOptions options = CodaPromptConformanceTests.Options(backbone).UseReleasedCode();
        options.OrthogonalityWeight = 0.1;
        options.TrainingView = TrainingView.Deterministic;
        return mlContext.Continual().PromptTuning(options);
    }
}

[TestClass]
public sealed class CodaPromptWithConstraintConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().PromptTuning(CodaPromptConformanceTests.Options(backbone)).WithConstraint(new HalvingOptions());
}
