using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Tests.Persistence;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Pgp.Tests.Persistence;

/// <summary>Damaged states of projections, with their bases, moments and audits, between tasks and within one; see <see cref="StateFuzz"/>.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ProjectionFuzzTests
{
    private const int MaximumTime = 300_000;

    private readonly MLContext _mlContext = new(1);

    [TestMethod]
    [Timeout(MaximumTime, CooperativeCancellation = false)]
    [DataRow("l2p")]
    [DataRow("dualprompt")]
    [DataRow("vpt")]
    [DataRow("prefix")]
    public void A_damaged_state_goes_on_or_says_what_is_wrong_and_changes_nothing(string method)
    {
        using var fuzz = new StateFuzz(rawCases: 50, craftedCases: 350);
        using VisionTransformer backbone = TinyVit.Create();
        using ContinualTrainer trainer = Create(method, backbone);
        trainer.Fit(Rows("cat", "dog")).Dispose();
        trainer.Fit(Rows("ape", "cat")).Dispose();   // with an audit
        Assert.IsNotNull(trainer.LastAudit);
        fuzz.State(trainer, Rows("fox", "elk"));
        fuzz.TaskInProgress(trainer, Rows("fox", "elk"));
    }

    private ContinualTrainer Create(string method, VisionTransformer backbone)
    {
        (MethodOptions options, ConstraintOptions constraint) = method switch
        {
            "l2p" => ((MethodOptions)new L2POptions { PoolSize = 3, PromptLength = 1, TopK = 2 }, (ConstraintOptions)new PgpOptions { MemorySamples = 4, ProjectedRows = ProjectedRows.UsedBefore }),
            "dualprompt" => (new DualPromptOptions { GBlocks = [0], EBlocks = [1], GPromptLength = 2, EPromptLength = 2, PoolSize = 3 }, new PgpOptions { MemorySamples = 4, PerHead = true, ProjectValuePrefixes = true }),
            "vpt" => (new DeepPromptOptions { PromptLength = 2 }, new NullSpaceOptions()),
            _ => (new PrefixOptions { Length = 2 }, PgpOptions.Pegp),
        };
        (options.Backbone, options.Epochs, options.BatchSize, options.Seed) = (backbone, 1, 2, 3);
        return _mlContext.Continual().Trainer(options).WithConstraint(constraint);
    }

    private IDataView Rows(params string[] labels) => TinyImages.View(_mlContext, 2, 1, labels);
}
