using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Pgp.Tests.Conformance;

/// <summary>A parameter-efficient way of tuning with a preset of PEGP, through the suite that every method and constraint must pass.</summary>
public abstract class PegpConformance : ConformanceSuite
{
    private protected virtual PgpOptions Projection => PgpOptions.Pegp;

    private protected abstract PeftOptions Options { get; }

    private protected sealed override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        PeftOptions options = Options;
        (options.Backbone, options.BatchSize, options.EvaluationView, options.Seed) = (backbone, 4, EvaluationView.Resize, 11);
        return mlContext.Continual().Trainer(options).WithGradientProjection(Projection);
    }
}

[TestClass]
public sealed class AdapterPegpConformanceTests : PegpConformance
{
    private protected override PeftOptions Options => new AdapterOptions { Epochs = 1 };
}

[TestClass]
public sealed class AdapterPegpAsReleasedConformanceTests : PegpConformance
{
    private protected override PgpOptions Projection => PgpOptions.PegpAdapterReference;

    private protected override PeftOptions Options => new AdapterOptions { Epochs = 2 }.UseReleasedCode();
}

[TestClass]
public sealed class LoraPegpConformanceTests : PegpConformance
{
    private protected override PeftOptions Options => new LoraOptions { Epochs = 1, Targets = LoraTargets.Qkv | LoraTargets.Fc2 };
}

[TestClass]
public sealed class PrefixPegpConformanceTests : PegpConformance
{
    private protected override PeftOptions Options => new PrefixOptions { Epochs = 1, Length = 3 };
}

[TestClass]
public sealed class AttentionPromptPegpConformanceTests : PegpConformance
{
    private protected override PeftOptions Options => new AttentionPromptOptions { Epochs = 1, Length = 3 };
}

[TestClass]
public sealed class ClipLinearPegpConformanceTests : ConformanceSuite
{
    private protected override Backbone CreateBackbone() => TinyClip.Create();

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        ClipPromptOptions options = ClipPgpTrainerTests.MethodOptions(backbone);
        (options.ImageTuning, options.PlasticityEpochs) = (ClipImageTuning.Adapter, 1);
        return mlContext.Continual().PromptTuning(options).WithGradientProjection(PgpOptions.PegpClipLinearReference);
    }
}
