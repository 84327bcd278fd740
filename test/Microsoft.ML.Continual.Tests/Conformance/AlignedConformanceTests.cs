using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>Alignment in methods that have no use for it by themselves: their options, with a small alignment.</summary>
internal static class Aligned
{
    public static TOptions With<TOptions>(TOptions options) where TOptions : IClassifierAlignment
    {
        options.Alignment = new ClassifierAlignmentOptions { Centroids = 2, Epochs = 2, Samples = 8 };
        return options;
    }
}

[TestClass]
public sealed class AlignedVisualPromptConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        var options = VisualPromptConformanceTests.Options(backbone);
        options.Alignment = new ClassifierAlignmentOptions { Statistics = AlignmentStatistics.Variance, Epochs = 2, Samples = 8, Steps = AlignmentSteps.SeenClasses, ScaleMeans = true, NormalizedTemperature = 0.1 };
        return mlContext.Continual().PromptTuning(options);
    }
}

[TestClass]
public sealed class AlignedL2PConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Aligned.With(L2PConformanceTests.Options(backbone)));
}

[TestClass]
public sealed class AlignedLinearProbeConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().LinearProbe(Aligned.With(LinearProbeConformanceTests.Options(backbone)));
}

[TestClass]
public sealed class AlignedCodaPromptConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Aligned.With(CodaPromptConformanceTests.Options(backbone)));
}

/// <summary>A head for each task becomes one classifier; a projection has its say before.</summary>
[TestClass]
public sealed class AlignedDeepPromptConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().PromptTuning(Aligned.With(DeepPromptConformanceTests.Options(backbone))).WithConstraint(new HalvingOptions());
}

[TestClass]
public sealed class AlignedLoraConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().ParameterEfficientTuning(Aligned.With(AdapterConformanceTests.Peft(new LoraOptions { Rank = 3 }, backbone)));
}
