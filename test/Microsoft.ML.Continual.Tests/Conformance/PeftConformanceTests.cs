using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class AdapterConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().ParameterEfficientTuning(Peft(new AdapterOptions { Rank = 3 }, backbone));

    internal static TOptions Peft<TOptions>(TOptions options, Backbone backbone) where TOptions : PeftOptions
    {
        (options.Backbone, options.Epochs, options.BatchSize, options.EvaluationView, options.Seed) = (backbone, 2, 4, EvaluationView.Resize, 11);
        return options;
    }
}

[TestClass]
public sealed class AdapterAsReleasedConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(new AdapterOptions(), backbone).UseReleasedCode()).WithConstraint(new HalvingOptions());
}

[TestClass]
public sealed class LoraConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(new LoraOptions { Rank = 3 }, backbone));
}

[TestClass]
public sealed class LoraOfSeveralMapsConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(
        new LoraOptions { Rank = 2, Targets = LoraTargets.Query | LoraTargets.Value | LoraTargets.Out | LoraTargets.Fc1 | LoraTargets.Fc2, LearnableScale = true, Blocks = [1] }, backbone));
}

[TestClass]
public sealed class PrefixConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(new PrefixOptions { Length = 3, FreezeValues = true, PlasticityEpochs = 1 }, backbone));
}

[TestClass]
public sealed class AttentionPromptConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().ParameterEfficientTuning(AdapterConformanceTests.Peft(new AttentionPromptOptions { Length = 3 }, backbone)).WithConstraint(new HalvingOptions());
}

[TestClass]
public sealed class ClipLinearConformanceTests : ConformanceSuite
{
    private protected override Backbone CreateBackbone() => TinyClip.Create();

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        ClipPromptOptions options = ClipPromptConformanceTests.Options(backbone);
        (options.ImageTuning, options.PlasticityEpochs) = (ClipImageTuning.Adapter, 1);
        return mlContext.Continual().PromptTuning(options).WithConstraint(new HalvingOptions());
    }
}
