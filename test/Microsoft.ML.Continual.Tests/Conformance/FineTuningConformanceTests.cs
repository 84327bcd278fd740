using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
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

[TestClass]
public sealed class EwcConformanceTests : ConformanceSuite
{
    internal static EwcOptions Options(Backbone backbone)
    {
        EwcOptions options = FineTuningConformanceTests.Options<EwcOptions>(backbone);
        options.FisherImages = 3;
        return options;
    }

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().ElasticWeightConsolidation(Options(backbone));
}

[TestClass]
public sealed class SeparateEwcConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        EwcOptions options = EwcConformanceTests.Options(backbone);
        (options.Form, options.Fisher, options.PenalizeHead, options.TrainableBlocks) = (EwcForm.Separate, FisherKind.Expected, false, 1);
        return mlContext.Continual().ElasticWeightConsolidation(options);
    }

    /// <summary>Keeps two tensors for each parameter and task by design: the count of tensors after forty tasks is not flat.</summary>
    private protected override bool StateGrowsByTask => true;
}

[TestClass]
public sealed class LwfConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().LearningWithoutForgetting(FineTuningConformanceTests.Options<LwfOptions>(backbone));
}

[TestClass]
public sealed class LwfByTaskConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        LwfOptions options = FineTuningConformanceTests.Options<LwfOptions>(backbone);
        (options.Grouping, options.TrainableBlocks, options.ScaleBySquaredTemperature) = (LwfGrouping.PerTask, 0, true);
        return mlContext.Continual().LearningWithoutForgetting(options);
    }
}

[TestClass]
public sealed class SlcaConformanceTests : ConformanceSuite
{
    internal static SlcaOptions Options(Backbone backbone)
    {
        SlcaOptions options = FineTuningConformanceTests.Options<SlcaOptions>(backbone);
        options.Alignment = ClassifierAlignmentOptions.Slca with { Epochs = 2, Samples = 16 };
        return options;
    }

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().SlowLearner(Options(backbone));

    /// <summary>Keeps a distribution for each class and task by design.</summary>
    private protected override bool StateGrowsByTask => true;
}

[TestClass]
public sealed class SlcaWithoutAlignmentConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        SlcaOptions options = SlcaConformanceTests.Options(backbone);
        options.Alignment = null;
        return mlContext.Continual().SlowLearner(options);
    }
}
