using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class DualPromptConformanceTests : ConformanceSuite
{
    internal static DualPromptOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone,
        Epochs = 2,
        BatchSize = 4,
        PoolSize = 4,
        GPromptLength = 2,
        EPromptLength = 3,
        GBlocks = [0],
        EBlocks = [1],
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Options(backbone));
}

/// <summary>Prompt tuning in place of prefixes, a pool that is smaller than the number of tasks, and features kept from epoch to epoch.</summary>
[TestClass]
public sealed class DualPromptByTokensConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        DualPromptOptions options = DualPromptConformanceTests.Options(backbone);
        options.GMode = options.EMode = PromptMode.PromptTuning;
        options.PoolSize = 1;
        options.TrainingView = TrainingView.Deterministic;
        return mlContext.Continual().PromptTuning(options);
    }
}

[TestClass]
public sealed class DualPromptAsReleasedConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        DualPromptOptions options = DualPromptConformanceTests.Options(backbone);
        options.GBlocks = [];
        options.TrainingView = TrainingView.Deterministic;
        options.PredictionBatchSize = 1;   // the vote of a batch makes a score depend on its batch; the suite compares batches with single rows
        return mlContext.Continual().PromptTuning(options.UseReleasedCode());
    }
}

[TestClass]
public sealed class DualPromptWithConstraintConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().PromptTuning(DualPromptConformanceTests.Options(backbone)).WithConstraint(new HalvingOptions());
}
