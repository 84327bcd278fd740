using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Evaluation;

[TestClass]
public class EvaluateAndRunTests
{
    private readonly MLContext _mlContext = new(11);

    private ContinualCatalog Continual => _mlContext.Continual();

    [TestMethod]
    public void Evaluation_equals_a_count_by_hand()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Epochs = 1 });
        using ContinualTransformer model = trainer.Fit(TinyImages.View(_mlContext, 4, 1, "ash", "birch", "cedar"));
        List<TinyImage> rows = TinyImages.Make(5, 2, "ash", "birch", "cedar");
        IDataView scored = model.Transform(_mlContext.Data.LoadFromEnumerable(rows));
        float[][] scores = [.. scored.GetColumn<float[]>("Score")];
        string[] classes = ["ash", "birch", "cedar"];   // in the order first seen
        int right = rows.Where((row, i) => classes[Array.IndexOf(scores[i], scores[i].Max())] == row.Label).Count();
        double loss = rows.Select((row, i) => -Math.Log(scores[i][Array.IndexOf(classes, row.Label)])).Average();

        TaskEvaluation evaluation = Continual.Evaluate(model, Task("trees", rows));

        Assert.AreEqual(15, evaluation.Rows);
        Assert.AreEqual(right / 15.0, evaluation.Accuracy, 1e-12);
        Assert.AreEqual(1.0, evaluation.TopFiveAccuracy, "three classes are all among the first five");
        Assert.AreEqual(loss, evaluation.LogLoss, 1e-6);
        StringAssert.StartsWith(evaluation.ToString(), "trees: accuracy ");
    }

    [TestMethod]
    public void Rows_of_a_class_that_was_never_learned_count_as_wrong()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions());
        using ContinualTransformer model = trainer.Fit(TinyImages.View(_mlContext, 6, 1, "ash", "birch"));
        double known = Continual.Evaluate(model, Task("known", TinyImages.Make(4, 2, "ash", "birch"))).Accuracy;
        TaskEvaluation mixed = Continual.Evaluate(model, Task("mixed", TinyImages.Make(4, 2, "ash", "birch", "yew", "oak")));
        Assert.AreEqual(known / 2, mixed.Accuracy, 1e-12, "half of the rows can be right");
    }

    [TestMethod]
    public void The_task_incremental_setting_chooses_among_the_tasks_own_classes()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Epochs = 1 });
        using (trainer.Fit(TinyImages.View(_mlContext, 6, 1, "ash"))) { }
        using ContinualTransformer model = trainer.Fit(TinyImages.View(_mlContext, 6, 1, "birch", "cedar", "oak"));
        ContinualTask old = Task("old", TinyImages.Make(6, 2, "ash"));
        TaskEvaluation told = Continual.Evaluate(model, old, EvaluationSetting.TaskIncremental);
        Assert.AreEqual(1.0, told.Accuracy, "there is one class to choose from");
        Assert.AreEqual(0.0, told.LogLoss, 1e-6);
        Assert.IsGreaterThan(0.01, Continual.Evaluate(model, old).LogLoss, "without being told, other classes have their share");
    }

    [TestMethod]
    public void A_task_without_test_rows_is_refused_and_named()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions());
        IDataView train = TinyImages.View(_mlContext, 2, 1, "ash");
        using ContinualTransformer model = trainer.Fit(train);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.Evaluate(model, new ContinualTask("autumn", train))).Message, "'autumn'");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.Evaluate(model, Task("empty", []))).Message, "no rows");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Continual.Run(trainer, [new ContinualTask("autumn", train)])).Message, "'autumn'");
        Assert.ThrowsExactly<ArgumentException>(() => Continual.Run(trainer, []));
    }

    [TestMethod]
    public void A_run_fills_the_matrix_task_by_task_and_keeps_what_the_numbers_depend_on()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Seed = 5 });
        List<TaskReport> reports = [];
        ContinualTask[] tasks = [Task("first", TinyImages.Make(4, 2, "ash", "birch")), Task("second", TinyImages.Make(4, 2, "cedar", "oak")), Task("third", TinyImages.Make(4, 2, "yew"))];

        SequenceResult result = Continual.Run(trainer, tasks, new RunOptions { Tasks = new Immediate<TaskReport>(reports.Add) });

        Assert.AreEqual("Colour", result.Name);
        Assert.AreEqual(3, result.Matrix.TaskCount);
        CollectionAssert.AreEqual(new[] { "first", "second", "third" }, result.TaskNames.ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, reports.Select(r => r.Evaluations.Count).ToArray());
        for (int after = 0; after < 3; after++)
            for (int task = 0; task <= after; task++)
                Assert.AreEqual(result.Evaluations[after][task].Accuracy, result.Matrix[after, task]);
        Dictionary<string, string> configuration = result.Configuration.ToDictionary();
        Assert.AreEqual("5", configuration["Seed used"]);
        Assert.AreEqual("0.5", configuration["LearningRate"]);
        StringAssert.Contains(configuration["Setting"], "class-incremental");
        StringAssert.Contains(ContinualReport.Render("t", [result]), "Accuracy matrix of Colour");
    }

    [TestMethod]
    public void A_run_reads_the_sequence_one_task_at_a_time()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Epochs = 1 });
        List<string> order = [];
        IEnumerable<ContinualTask> Stream()
        {
            foreach (string label in new[] { "ash", "birch" })
            {
                order.Add($"asked for {label}");
                yield return Task(label, TinyImages.Make(2, 2, label));
            }
        }
        Continual.Run(trainer, Stream(), new RunOptions { Tasks = new Immediate<TaskReport>(r => order.Add($"learned {r.TaskIndex}")) });
        CollectionAssert.AreEqual(new[] { "asked for ash", "learned 0", "asked for birch", "learned 1" }, order);
    }

    [TestMethod]
    public void A_cancelled_run_keeps_the_tasks_it_has_finished()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Epochs = 1 });
        using var cancellation = new CancellationTokenSource();
        ContinualTask[] tasks = [Task("first", TinyImages.Make(2, 2, "ash")), Task("second", TinyImages.Make(2, 2, "birch"))];
        Assert.ThrowsExactly<OperationCanceledException>(() =>
            Continual.Run(trainer, tasks, new RunOptions { Tasks = new Immediate<TaskReport>(_ => cancellation.Cancel()) }, cancellation.Token));
        Assert.AreEqual(1, trainer.TasksSeen);
    }

    private ContinualTask Task(string name, List<TinyImage> test)
    {
        string[] labels = [.. test.Select(row => row.Label).Distinct()];
        return new ContinualTask(name, TinyImages.View(_mlContext, 4, 1, labels), _mlContext.Data.LoadFromEnumerable(test));
    }

    /// <summary>Reports on the calling thread; <see cref="Progress{T}"/> would post to the pool.</summary>
    private sealed class Immediate<T>(Action<T> action) : IProgress<T>
    {
        public void Report(T value) => action(value);
    }
}
