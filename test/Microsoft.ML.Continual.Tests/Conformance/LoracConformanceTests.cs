using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.Lorac;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class LoracConformanceTests : ConformanceSuite
{
    internal static LoracOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone, Epochs = 2, BatchSize = 4, Rank = 3, FrozenShare = 0.2, Alignment = new ClassifierAlignmentOptions { Centroids = 2, Epochs = 2, Samples = 8 },
        EvaluationView = EvaluationView.Resize, Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().LowRankComposition(Options(backbone));
}

/// <summary>The paper's orthogonality, tasks inferred, few matrices, and covariances drawn from.</summary>
[TestClass]
public sealed class LoracWithTaskInferenceConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        LoracOptions options = LoracConformanceTests.Options(backbone);
        (options.Orthogonality, options.Placement, options.FirstBlock, options.FrozenShare, options.MergedCompositions) = (LoracOrthogonality.Qr, LoracPlacement.Qkvo, 1, 0, 0);
        options.Alignment = options.Alignment! with { Statistics = AlignmentStatistics.Covariance };
        options.TaskInference = new TaskInferenceOptions { Clusters = 2 };
        return mlContext.Continual().LowRankComposition(options);
    }
}

[TestClass]
public sealed class LoracAsReleasedConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        LoracOptions options = LoracConformanceTests.Options(backbone);
        options.TaskInference = new TaskInferenceOptions { Clusters = 2, BatchVote = true };
        options.PredictionBatchSize = 1;   // the vote of a batch makes a score depend on its batch; the suite compares batches with single rows
        return mlContext.Continual().LowRankComposition(options.UseReleasedCode()).WithConstraint(new HalvingOptions());
    }
}
