using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Tests;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Pgp.Tests.Persistence;

/// <summary>The projections' formulae of <c>docs/persistence.md</c>, counted on a small backbone.</summary>
[TestClass]
public sealed class LongStreamTests
{
    private const int Double = 8;

    private readonly MLContext _mlContext = new(1);

    [TestMethod]
    public void Pgp_holds_at_most_a_full_basis_a_site_however_many_tasks()
    {
        using VisionTransformer vit = TinyVit.Create();
        int d = vit.Width;
        using ContinualTrainer trainer = Prompt(vit).WithConstraint(new PgpOptions { Audit = false, MemorySamples = 8 });
        long grown = StateBytes.GrowthByTask(trainer, _mlContext, state => state.Constraint!, 5).Sum();
        Assert.IsLessThanOrEqualTo((long)d * d * Double, grown);
        Assert.AreEqual((long)d * trainer.State!.Constraint!.Tensors.Values.Single().shape[1] * Double, trainer.State.Constraint.Tensors.Values.Sum(t => t.numel() * t.ElementSize));
    }

    [TestMethod]
    public void The_audit_of_pgp_adds_half_a_gram_matrix_a_task_and_site_up_to_its_limit()
    {
        using VisionTransformer vit = TinyVit.Create();
        int d = vit.Width;
        long[] with = Growth(audit: true, limit: 3), without = Growth(audit: false, limit: 3);
        long past = (long)d * (d + 1) / 2 * Double;
        CollectionAssert.AreEqual(new[] { past, past, 0L, 0L }, with.Zip(without, (a, b) => a - b).ToArray());

        long[] Growth(bool audit, int limit)
        {
            using ContinualTrainer trainer = Prompt(vit).WithConstraint(new PgpOptions { Audit = audit, AuditedTasks = limit, MemorySamples = 8 });
            return StateBytes.GrowthByTask(trainer, _mlContext, state => state.Constraint!, 5);
        }
    }

    [TestMethod]
    public void The_null_space_projection_does_not_grow_but_for_its_audit()
    {
        using VisionTransformer vit = TinyVit.Create();
        CollectionAssert.AreEqual(new[] { 0L, 0L, 0L }, Growth(audit: false));
        // Of each site: the moments of queries by head, and of the rows' mixing.
        int headWidth = vit.Config.HeadWidth, rows = 2, sites = vit.Config.Depth;
        long past = sites * (vit.Config.Heads * headWidth * headWidth + rows * rows) * Double;
        CollectionAssert.AreEqual(new[] { past, past, past }, Growth(audit: true));

        long[] Growth(bool audit)
        {
            using ContinualTrainer trainer = _mlContext.Continual().PromptTuning(new DeepPromptOptions { Backbone = vit, PromptLength = 2, Epochs = 1, Seed = 1 }).WithConstraint(new NullSpaceOptions { Audit = audit });
            return StateBytes.GrowthByTask(trainer, _mlContext, state => state.Constraint!);
        }
    }

    private ContinualTrainer Prompt(VisionTransformer vit) => _mlContext.Continual().PromptTuning(new VisualPromptOptions { Backbone = vit, PromptLength = 2, Epochs = 1, Seed = 1 });
}
