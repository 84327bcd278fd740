using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Conformance;

[TestClass]
public sealed class LinearProbeConformanceTests : ConformanceSuite
{
    internal static LinearProbeOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone,
        Epochs = 2,
        BatchSize = 4,
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().LinearProbe(Options(backbone));
}

[TestClass]
public sealed class LinearProbeOnRandomViewsConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone)
    {
        LinearProbeOptions options = LinearProbeConformanceTests.Options(backbone);
        options.TrainingView = TrainingView.RandomResizedCrop;
        return mlContext.Continual().LinearProbe(options);
    }
}

[TestClass]
public sealed class NearestClassMeanConformanceTests : ConformanceSuite
{
    internal static NearestClassMeanOptions Options(Backbone backbone) => new()
    {
        Backbone = backbone,
        BatchSize = 4,
        EvaluationView = EvaluationView.Resize,
        Seed = 11,
    };

    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual().NearestClassMean(Options(backbone));
}

[TestClass]
public sealed class NearestClassMeanWithConstraintConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) =>
        mlContext.Continual().NearestClassMean(NearestClassMeanConformanceTests.Options(backbone)).WithConstraint(new HalvingOptions());
}
