using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class DeepPromptConformanceTests : ConformanceSuite
{
    internal static DeepPromptOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone, Epochs = 2, BatchSize = 4, PromptLength = 3, WeightDecay = 5e-5, Schedule = LearningRateSchedule.Steps, DecayAt = [0.5],
        EvaluationView = EvaluationView.Resize, Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Options(backbone));
}

[TestClass]
public sealed class DeepPromptAsReleasedWithConstraintConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        DeepPromptOptions options = DeepPromptConformanceTests.Options(backbone);
        (options.HeadInitialization, options.ClassMask, options.FirstBlock, options.BlockCount) = (HeadInitialization.ReleasedCode, ClassMask.SeenClasses, 1, 1);
        return mlContext.Continual().PromptTuning(options).WithConstraint(new HalvingOptions());
    }
}
