using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Pgp.Tests.Conformance;

/// <summary>Gradient projection through the trainer, as a user meets it.</summary>
[TestClass]
public sealed class PgpTrainerTests
{
    [TestMethod]
    public void The_trainer_audits_the_second_task_and_keeps_its_own_options()
    {
        var mlContext = new MLContext(1);
        using Backbone backbone = TinyVit.Create();
        var options = new PgpOptions { Energy = 1, KeyEnergy = 1 };
        using ContinualTrainer plain = mlContext.Continual().PromptTuning(new L2POptions
        {
            Backbone = backbone, Epochs = 2, BatchSize = 4, PoolSize = 4, PromptLength = 2, TopK = 2, EvaluationView = EvaluationView.Resize, Seed = 11,
        });
        using ContinualTrainer free = plain.WithGradientProjection(new PgpOptions { Energy = 0, KeyEnergy = 0 }), trainer = plain.WithGradientProjection(options);
        options.Sites["nowhere"] = new PgpSiteOptions();   // too late to matter
        foreach (ContinualTrainer one in new[] { free, trainer })
        {
            one.Fit(TinyImages.View(mlContext, 5, 1, "cat", "dog")).Dispose();
            Assert.IsNull(one.LastAudit);
            one.Fit(TinyImages.View(mlContext, 5, 2, "fox", "elk")).Dispose();
            Assert.AreEqual(1, one.LastAudit!.TaskIndex);
            CollectionAssert.AreEqual(new[] { "prompt", "key" }, one.LastAudit.Entries.Select(e => e.Site).ToArray());
        }
        Assert.IsTrue(free.LastAudit!.Entries.All(e => e.RelativeChange > 1e-4), string.Join('\n', free.LastAudit.Entries));
        Assert.IsTrue(trainer.LastAudit!.Entries.All(e => e.RelativeChange < 1e-6), string.Join('\n', trainer.LastAudit.Entries));
        Assert.ThrowsExactly<ArgumentException>(() => plain.WithGradientProjection(new PgpOptions { Energy = 7 }));
        Assert.ThrowsExactly<InvalidOperationException>(() => trainer.WithGradientProjection());
    }
}
