using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class FineTuningConformanceTests : ConformanceSuite
{
    internal static TOptions Options<TOptions>(Backbone backbone) where TOptions : NetworkTuningOptions, new() => new()
    {
        Backbone = backbone,
        Epochs = 2,
        BatchSize = 4,
        LearningRate = 0.001,
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().FineTuning(Options<FineTuningOptions>(backbone));
}

[TestClass]
public sealed class FineTuningOfTheLastBlockConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        FineTuningOptions options = FineTuningConformanceTests.Options<FineTuningOptions>(backbone);
        (options.TrainableBlocks, options.ClassMask) = (1, ClassMask.CurrentTask);
        return mlContext.Continual().FineTuning(options);
    }
}
