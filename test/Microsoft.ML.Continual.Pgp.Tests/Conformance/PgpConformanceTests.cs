using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Pgp.Tests.Conformance;

/// <summary>L2P with a preset of PGP, through the suite that every method and constraint must pass.</summary>
public abstract class L2PWithPgpConformance : ConformanceSuite
{
    private protected abstract PgpOptions Options { get; }

    private protected sealed override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual()
        .PromptTuning(new L2POptions
        {
            Backbone = backbone, Epochs = 1, BatchSize = 4, PoolSize = 4, PromptLength = 2, TopK = 2, EvaluationView = EvaluationView.Resize, Seed = 11,
        })
        .WithGradientProjection(Options);
}

[TestClass]
public sealed class L2PWithStackedConformanceTests : L2PWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.Stacked;
}

[TestClass]
public sealed class L2PWithStackedWithoutAuditConformanceTests : L2PWithPgpConformance
{
    private protected override PgpOptions Options => new() { Audit = false };
}

[TestClass]
public sealed class L2PWithPaperConformanceTests : L2PWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.Paper;
}

[TestClass]
public sealed class L2PWithInputOnlyConformanceTests : L2PWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.InputOnly;
}

/// <summary>The released code takes as many images a task as there are channels.</summary>
[TestClass]
public sealed class L2PWithReferenceConformanceTests : L2PWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.Reference;

    private protected override int SmallestTask => TinyVit.Config.Width;
}

[TestClass]
public sealed class VisualPromptWithStackedConformanceTests : ConformanceSuite
{
    private protected override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual()
        .PromptTuning(new VisualPromptOptions { Backbone = backbone, Epochs = 1, BatchSize = 4, PromptLength = 3, EvaluationView = EvaluationView.Resize, Seed = 11 })
        .WithGradientProjection();
}

/// <summary>DualPrompt with a preset of PGP.</summary>
public abstract class DualPromptWithPgpConformance : ConformanceSuite
{
    private protected abstract PgpOptions Options { get; }

    private protected sealed override ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone) => mlContext.Continual()
        .PromptTuning(new DualPromptOptions
        {
            Backbone = backbone, Epochs = 1, BatchSize = 4, PoolSize = 2, GPromptLength = 2, EPromptLength = 3, GBlocks = [0], EBlocks = [1], EvaluationView = EvaluationView.Resize, Seed = 11,
        })
        .WithGradientProjection(Options);
}

[TestClass]
public sealed class DualPromptWithStackedConformanceTests : DualPromptWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.Stacked;
}

[TestClass]
public sealed class DualPromptWithPaperConformanceTests : DualPromptWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.Paper;
}

[TestClass]
public sealed class DualPromptHeadByHeadWithValuesConformanceTests : DualPromptWithPgpConformance
{
    private protected override PgpOptions Options => new() { PerHead = true, ProjectKeys = true, ProjectValuePrefixes = true, ProjectedRows = ProjectedRows.UsedBefore };
}

[TestClass]
public sealed class DualPromptWithInputOnlyConformanceTests : DualPromptWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.InputOnly;
}

[TestClass]
public sealed class DualPromptWithReferenceConformanceTests : DualPromptWithPgpConformance
{
    private protected override PgpOptions Options => PgpOptions.DualPromptReference;

    private protected override int SmallestTask => TinyVit.Config.Width;
}
