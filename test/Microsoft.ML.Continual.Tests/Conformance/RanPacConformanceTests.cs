using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.RanPac;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class RanPacConformanceTests : ConformanceSuite
{
    internal static RanPacOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone,
        ProjectionWidth = 40,
        BatchSize = 4,
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().RanPac(Options(backbone));
}

/// <summary>Features as they are, a given ridge, cosines.</summary>
[TestClass]
public sealed class RanPacWithoutProjectionConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        RanPacOptions options = RanPacConformanceTests.Options(backbone);
        (options.ProjectionWidth, options.Ridge, options.Scoring) = (0, 1, RidgeScoring.Cosine);
        return mlContext.Continual().RanPac(options);
    }
}

/// <summary>Adapters trained on the first task, on random views; the regression sees images as in prediction.</summary>
[TestClass]
public sealed class RanPacWithFirstSessionConformanceTests : ConformanceSuite
{
    internal static RanPacOptions Options(Backbone backbone)
    {
        RanPacOptions options = RanPacConformanceTests.Options(backbone).UseFirstSession();
        (options.Epochs, options.BatchSize, options.AdapterWidth, options.LearningRate) = (2, 4, 3, 0.1);
        return options;
    }

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().RanPac(Options(backbone));
}

[TestClass]
public sealed class RanPacWithConstraintConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().RanPac(RanPacConformanceTests.Options(backbone)).WithConstraint(new HalvingOptions());
}
