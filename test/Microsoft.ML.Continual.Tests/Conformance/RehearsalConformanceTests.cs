using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class ICarlConformanceTests : ConformanceSuite
{
    internal static ICarlOptions Options(Backbone backbone)
    {
        ICarlOptions options = FineTuningConformanceTests.Options<ICarlOptions>(backbone);
        options.MemorySize = 8;
        return options;
    }

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().ICarl(Options(backbone));
}

[TestClass]
public sealed class ICarlOfThePaperOnAStreamedViewConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        ICarlOptions options = ICarlConformanceTests.Options(backbone);
        (options.Loss, options.MirrorForMeans, options.Budget, options.MemorySize) = (ICarlLoss.SigmoidBinary, true, MemoryBudget.PerClass, 2);
        (options.CacheImages, options.ShuffleWindow) = (false, 4);
        return mlContext.Continual().ICarl(options);
    }
}

[TestClass]
public sealed class ICarlWithItsHeadConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        ICarlOptions options = ICarlConformanceTests.Options(backbone);
        (options.Classifier, options.TrainableBlocks) = (ICarlClassifier.Head, 0);
        return mlContext.Continual().ICarl(options);
    }
}

[TestClass]
public sealed class DerConformanceTests : ConformanceSuite
{
    internal static DerOptions Options(Backbone backbone)
    {
        DerOptions options = FineTuningConformanceTests.Options<DerOptions>(backbone);
        options.MemorySize = 8;
        return options;
    }

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().DarkExperienceReplay(Options(backbone));
}

[TestClass]
public sealed class DerFromARingConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        DerOptions options = DerConformanceTests.Options(backbone);
        (options.Policy, options.Logits, options.OfferInEveryEpoch, options.ReplayBatchSize, options.TrainableBlocks) = (ReplayPolicy.Ring, StoredLogits.ZeroPad, false, 3, 0);
        return mlContext.Continual().DarkExperienceReplay(options);
    }
}

[TestClass]
public sealed class BicConformanceTests : ConformanceSuite
{
    internal static BicOptions Options(Backbone backbone)
    {
        BicOptions options = FineTuningConformanceTests.Options<BicOptions>(backbone);
        (options.MemorySize, options.ValidationShare) = (12, 0.3);
        return options;
    }

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().BiasCorrection(Options(backbone));
}
