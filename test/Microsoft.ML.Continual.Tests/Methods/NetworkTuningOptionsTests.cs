using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>Options out of range are refused by name when a trainer is made.</summary>
[TestClass]
public sealed class NetworkTuningOptionsTests
{
    [TestMethod]
    public void Options_out_of_range_are_named()
    {
        using VisionTransformer backbone = TinyVit.Create();
        (MethodOptions Options, string Name)[] wrong =
        [
            (new FineTuningOptions { TrainableBlocks = -1 }, "TrainableBlocks"),
            (new FineTuningOptions { BackboneLearningRateScale = 1.5 }, "BackboneLearningRateScale"),
            (new FineTuningOptions { ClassMask = (ClassMask)7 }, "ClassMask"),
            (new EwcOptions { PenaltyWeight = -1 }, "PenaltyWeight"),
            (new EwcOptions { Decay = 1.1 }, "Decay"),
            (new EwcOptions { FisherImages = 0 }, "FisherImages"),
            (new LwfOptions { Temperature = 0 }, "Temperature"),
            (new LwfOptions { DistillationWeight = double.NaN }, "DistillationWeight"),
            (new ICarlOptions { MemorySize = 0 }, "MemorySize"),
            (new ICarlOptions { Loss = (ICarlLoss)9 }, "Loss"),
            (new DerOptions { LogitWeight = -0.1 }, "LogitWeight"),
            (new DerOptions { ReplayBatchSize = 0 }, "ReplayBatchSize"),
            (new BicOptions { ValidationShare = 1 }, "ValidationShare"),
            (new SlcaOptions { Alignment = ClassifierAlignmentOptions.Slca with { Epochs = 0 } }, "Alignment.Epochs"),
            (new BicOptions { BiasPenalty = double.PositiveInfinity }, "BiasPenalty"),
        ];
        foreach ((MethodOptions options, string name) in wrong)
        {
            options.Backbone = backbone;
            StringAssert.Contains(Assert.Throws<ArgumentException>(options.Validate).Message, name);
        }
    }
}
