using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Persistence;

[TestClass]
public sealed class RunStateTests
{
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _mlContext = new(1);

    [TestCleanup]
    public void Delete() => _folder.Dispose();

    [TestMethod]
    public void A_run_cut_off_anywhere_ends_with_the_same_matrix_and_the_same_file()
    {
        string whole = _folder.File("whole.state");
        SequenceResult expected = Run(whole, null);
        byte[] bytes = File.ReadAllBytes(whole);
        for (int cut = 1; cut <= 9; cut++)
        {
            string path = _folder.File($"cut{cut}.state");
            using var source = new CancellationTokenSource();
            int kept = 0;
            try
            {
                Run(path, source, _ => { if (++kept == cut) source.Cancel(); });
            }
            catch (OperationCanceledException)
            {
            }
            SequenceResult resumed = Run(path, null);
            Assert.AreEqual(expected.Matrix.ToString(), resumed.Matrix.ToString(), $"cut at state {cut}");
            Assert.AreEqual(string.Join('\n', expected.Evaluations.SelectMany(e => e)), string.Join('\n', resumed.Evaluations.SelectMany(e => e)));
            CollectionAssert.AreEqual(bytes, File.ReadAllBytes(path), $"cut at state {cut}");
        }
    }

    [TestMethod]
    public void A_run_that_is_done_is_reported_again_without_training()
    {
        string path = _folder.File("run.state");
        SequenceResult first = Run(path, null);
        bool trained = false;
        SequenceResult again = Run(path, null, _ => trained = true);
        Assert.IsFalse(trained);
        Assert.AreEqual(first.Matrix.ToString(), again.Matrix.ToString());
        CollectionAssert.AreEqual(first.TrainingTimes.ToArray(), again.TrainingTimes.ToArray());
    }

    [TestMethod]
    public void Other_tasks_another_setting_and_a_state_of_no_run_are_refused()
    {
        string path = _folder.File("run.state");
        Run(path, null);
        using ContinualTrainer trainer = Create();
        ContinualTask[] renamed = [.. Tasks().Select(task => new ContinualTask(task.Name + "!", task.Train, task.Test))];
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().Run(trainer, renamed, new RunOptions { StatePath = path })).Message, "'trees'");
        var told = new RunOptions { StatePath = path, Setting = EvaluationSetting.TaskIncremental };
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().Run(trainer, Tasks(), told)).Message, "TaskIncremental");

        using ContinualTrainer plain = Create();
        plain.Fit(Tasks()[0]).Dispose();
        plain.SaveState(_folder.File("plain.state"));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => _mlContext.Continual().Run(trainer, Tasks(), new RunOptions { StatePath = _folder.File("plain.state") })).Message, "not of a run");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Continual().Run(plain, Tasks(), new RunOptions { StatePath = _folder.File("new.state") })).Message, "learned nothing");
    }

    private SequenceResult Run(string path, CancellationTokenSource? source, Action<string>? kept = null)
    {
        using ContinualTrainer trainer = Create();
        trainer.StateKept = kept;
        return _mlContext.Continual().Run(trainer, Tasks(), new RunOptions { StatePath = path, StateEverySteps = 2 }, source?.Token ?? CancellationToken.None);
    }

    private ContinualTrainer Create() => _mlContext.Continual().Trainer(new ColourOptions { Seed = 11 }).WithConstraint(new HalvingOptions());

    private ContinualTask[] Tasks() =>
    [
        Task("trees", 1, "ash", "birch"), Task("pets", 2, "cat", "dog"), Task("mixed", 3, "fox", "ash"),
    ];

    private ContinualTask Task(string name, int seed, params string[] labels) =>
        new(name, TinyImages.View(_mlContext, 5, seed, labels), TinyImages.View(_mlContext, 3, seed + 10, labels));
}
