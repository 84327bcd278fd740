using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class ClipPromptConformanceTests : ConformanceSuite
{
    internal static ClipPromptOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone,
        Epochs = 1,
        BatchSize = 4,
        ImagePromptLength = 3,
        ContextLength = 2,
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override Backbone CreateBackbone() => TinyClip.Create();

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().PromptTuning(Options(backbone));
}

[TestClass]
public sealed class ClipPromptWithDecayConformanceTests : ConformanceSuite
{
    private protected override Backbone CreateBackbone() => TinyClip.Create();

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        ClipPromptOptions options = ClipPromptConformanceTests.Options(backbone);
        options.DecayOldContexts = true;
        return mlContext.Continual().PromptTuning(options).WithConstraint(new HalvingOptions());
    }
}
