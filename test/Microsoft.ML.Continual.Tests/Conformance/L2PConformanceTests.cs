using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class L2PConformanceTests : ConformanceSuite
{
    internal static L2POptions Options(Backbone backbone) => new()
    {
        Backbone = backbone,
        Epochs = 2,
        BatchSize = 4,
        PoolSize = 4,
        PromptLength = 2,
        TopK = 2,
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Options(backbone));
}

[TestClass]
public sealed class L2PWithConstraintConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().PromptTuning(L2PConformanceTests.Options(backbone)).WithConstraint(new HalvingOptions());
}

[TestClass]
public sealed class L2POnADeterministicViewConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        L2POptions options = L2PConformanceTests.Options(backbone);
        options.TrainingView = TrainingView.Deterministic;
        return mlContext.Continual().PromptTuning(options);
    }
}

[TestClass]
public sealed class L2PFromAStreamConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        L2POptions options = L2PConformanceTests.Options(backbone);
        (options.CacheImages, options.ShuffleWindow) = (false, 4);
        return mlContext.Continual().PromptTuning(options);
    }
}
