using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Training;

[TestClass]
public sealed class TrainingLoopTests
{
    private readonly MLContext _mlContext = new(1);

    [TestMethod]
    public void The_order_of_calls_is_that_of_the_contract()
    {
        var calls = new List<string>();
        var options = new ColourOptions { Epochs = 1, BatchSize = 4, Calls = calls.Add, Seed = 1 };
        using ContinualTrainer trainer = _mlContext.Continual().Trainer(options).WithConstraint(new HalvingOptions { Calls = calls.Add });
        trainer.Fit(TinyImages.View(_mlContext, 3, 1, "a", "b")).Dispose();
        string[] step = ["method.ComputeLoss", "method.AfterBackward", "constraint.ProjectGradients", "constraint.BeforeStep", "constraint.AfterStep"];
        string[] expected = ["constraint.Attach", "method.BeginTask", "constraint.BeginTask", "method.BeginEpoch 0", .. step, .. step, "method.FinishTraining", "constraint.EndTask", "method.EndTask"];
        CollectionAssert.AreEqual(expected, calls);
    }

    [TestMethod]
    public void A_methods_further_epochs_follow_the_options_own_and_may_be_free_of_the_constraint()
    {
        var calls = new List<string>();
        var listener = new Listener();
        var options = new ColourOptions { Epochs = 1, ExtraEpochs = 2, BatchSize = 4, Calls = calls.Add, Seed = 1 };
        using ContinualTrainer trainer = _mlContext.Continual().Trainer(options).WithConstraint(new HalvingOptions { Calls = calls.Add });
        trainer.Fit(TinyImages.View(_mlContext, 2, 1, "a", "b"), listener, CancellationToken.None).Dispose();
        string[] free = ["method.ComputeLoss", "method.AfterBackward"], step = [.. free, "constraint.ProjectGradients", "constraint.BeforeStep", "constraint.AfterStep"];
        string[] expected = ["method.BeginEpoch 0", .. step, "method.BeginEpoch 1", .. free, "method.BeginEpoch 2", .. free, "method.FinishTraining", "constraint.EndTask", "method.EndTask"];
        CollectionAssert.AreEqual(expected, calls[3..]);
        CollectionAssert.AreEqual(new[] { (1, 3), (2, 3), (3, 3) }, listener.Heard.Select(report => (report.Epoch, report.Epochs)).ToArray());
    }

    [TestMethod]
    public void The_first_tasks_own_rate_is_used_in_the_first_task_only()
    {
        var listener = new Listener();
        using ContinualTrainer trainer = _mlContext.Continual().Trainer(new ColourOptions { Epochs = 1, LearningRate = 0.125, FirstTaskLearningRate = 0.5, Seed = 1 });
        foreach (string[] labels in new[] { new[] { "a", "b" }, ["c"] }) trainer.Fit(TinyImages.View(_mlContext, 2, 1, labels), listener, CancellationToken.None).Dispose();
        CollectionAssert.AreEqual(new[] { 0.5, 0.125 }, listener.Heard.Select(report => report.LearningRate).ToArray());
    }

    [TestMethod]
    public void A_constraint_changes_neither_the_batches_nor_the_initial_values()
    {
        var batches = new List<string>[] { [], [] };
        string[] states = ["", ""];
        List<string> log = batches[0];
        var options = new ColourOptions { Seed = 5, Batches = rows => log.Add(string.Join(',', rows)) };
        using ContinualTrainer plain = _mlContext.Continual().Trainer(options), constrained = plain.WithConstraint(new HalvingOptions());
        foreach ((ContinualTrainer trainer, int i) in new[] { (plain, 0), (constrained, 1) })
        {
            log = batches[i];
            trainer.Fit(TinyImages.View(_mlContext, 5, 1, "a", "b")).Dispose();
            states[i] = Convert.ToHexString(trainer.State!.Method.Get("offset", null).bytes);
            trainer.Fit(TinyImages.View(_mlContext, 5, 2, "c", "d")).Dispose();
        }
        Assert.HasCount(12, batches[0]);
        CollectionAssert.AreEqual(batches[0], batches[1]);
        Assert.AreEqual(states[0], states[1]);   // this constraint acts from the second task on
    }

    [TestMethod]
    public void Trainers_with_a_constraint_share_the_seed_that_was_drawn()
    {
        using ContinualTrainer plain = new MLContext(3).Continual().Trainer(new ColourOptions()), constrained = plain.WithConstraint(new HalvingOptions());
        using ContinualTrainer again = new MLContext(3).Continual().Trainer(new ColourOptions());
        Assert.AreEqual(plain.Seed, constrained.Seed);
        Assert.AreEqual(plain.Seed, again.Seed);
    }

    [TestMethod]
    public void Progress_is_told_every_twenty_steps_and_at_the_end_of_each_epoch()
    {
        var listener = new Listener();
        using ContinualTrainer trainer = _mlContext.Continual().Trainer(new ColourOptions { Epochs = 2, BatchSize = 2, Schedule = LearningRateSchedule.Cosine, Seed = 1 });
        trainer.Fit(new ContinualTask("birds", TinyImages.View(_mlContext, 45, 1, "a", "b")), listener, CancellationToken.None).Dispose();
        CollectionAssert.AreEqual(new[] { "1:20/45", "1:40/45", "1:45/45", "2:20/45", "2:40/45", "2:45/45" }, listener.Heard.Select(p => $"{p.Epoch}:{p.Step}/{p.Steps}").ToArray());
        TrainingProgress last = listener.Heard[^1];
        Assert.AreEqual((0, "birds", 2, 1.0), (last.TaskIndex, last.TaskName, last.Epochs, last.Fraction));
        Assert.AreEqual(0.25, last.LearningRate, 1e-12);
        Assert.IsTrue(last.Loss < listener.Heard[0].Loss, $"{listener.Heard[0]} … {last}");
        Assert.IsTrue(last.Accuracy is > 0.9 and <= 1, last.ToString());
        Assert.IsTrue(last.ImagesPerSecond > 0);
        StringAssert.StartsWith(last.ToString(), "birds: epoch 2/2, step 45/45, loss ");
    }

    [TestMethod]
    [DataRow(true, "steps 21 to 40")]
    [DataRow(false, "steps 1 to 45")]
    public void A_loss_that_is_not_finite_stops_with_task_epoch_and_steps_and_keeps_nothing(bool listens, string steps)
    {
        var options = new ColourOptions { Epochs = 3, BatchSize = 2, Seed = 1, LossFactor = step => step == 45 + 30 ? float.NaN : 1 };   // in the second epoch
        using ContinualTrainer trainer = _mlContext.Continual().Trainer(options);
        var task = new ContinualTask("birds", TinyImages.View(_mlContext, 45, 1, "a", "b"));
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(task, listens ? new Listener() : null, CancellationToken.None));
        StringAssert.Contains(error.Message, $"birds, epoch 2, {steps}: the loss is not finite (NaN)");
        Assert.AreEqual(0, trainer.TasksSeen);
    }

    [TestMethod]
    public void Parameters_spoilt_by_the_last_step_are_noticed()
    {
        var options = new ColourOptions { Epochs = 1, BatchSize = 2, Seed = 1, Optimizer = OptimizerKind.Sgd, LearningRate = 1e30, MaximumGradientNorm = null, LossFactor = _ => 1e30f };
        using ContinualTrainer trainer = _mlContext.Continual().Trainer(options);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(TinyImages.View(_mlContext, 1, 1, "a", "b")));
        StringAssert.Contains(error.Message, "holds values that are not finite after the last step");
        Assert.AreEqual(0, trainer.TasksSeen);
    }

    [TestMethod]
    public void The_log_tells_of_the_start_each_epoch_and_the_end()
    {
        var lines = new List<string>();
        _mlContext.Log += (_, e) => lines.Add(e.RawMessage);
        using ContinualTrainer trainer = _mlContext.Continual().Trainer(new ColourOptions { Seed = 9 }).WithConstraint(new HalvingOptions());
        trainer.Fit(TinyImages.View(_mlContext, 4, 1, "a", "b")).Dispose();
        trainer.Fit(TinyImages.View(_mlContext, 4, 1, "b", "c")).Dispose();
        string all = string.Join('\n', lines);
        StringAssert.Contains(all, "Task 2 begins: Colour with Halving on stub (cpu), 8 images of 2 classes, 1 new and 2 known before, seed 9");
        Assert.AreEqual(2, lines.Count(line => line.StartsWith("Task 2: epoch", StringComparison.Ordinal)), all);
        Assert.AreEqual(2, lines.Count(line => line == "halving: seen"), all);
        StringAssert.Contains(all, "Task 2 ends: 3 classes of 2 tasks known");
    }

    [TestMethod]
    public void An_audit_is_summed_up_in_a_line_for_each_site()
    {
        using var constraint = new AuditedConstraint(new InterferenceAudit(2, [new("prompt", 0, 2e-7, 0.001), new("prompt", 1, 3e-7, 0.002), new("key", 0, 0.5, 1)]));
        CollectionAssert.AreEqual(new[]
        {
            "Audited audit, prompt: the products of 2 old tasks moved by at most 3.0e-7 relatively (task 2), 0.2 % of what this update could have done",
            "Audited audit, key: the products of 1 old tasks moved by at most 5.0e-1 relatively (task 1), 100 % of what this update could have done",
        }, AuditSummary.Lines(constraint).ToArray());
    }

    private sealed class AuditedConstraint(InterferenceAudit audit) : UpdateConstraint
    {
        public override string Name => "Audited";

        public override InterferenceAudit LastAudit => audit;

        public override void Attach(ContinualMethod method)
        {
        }

        public override void SaveState(StateDictionary state)
        {
        }

        public override void LoadState(StateDictionary state)
        {
        }

        public override void Dispose()
        {
        }
    }
}
