using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Evaluation;

/// <summary>The settings of a run, from the tasks to the report.</summary>
[TestClass]
public class ScenarioTests
{
    private static readonly string[] s_domains = ["day", "night", "rain"];

    private readonly MLContext _mlContext = new(11);

    private ContinualCatalog Continual => _mlContext.Continual();

    [TestMethod]
    [DataRow("", Scenario.SingleTask)]
    [DataRow("0 1", Scenario.SingleTask)]
    [DataRow("0 1|2 3|4", Scenario.ClassIncremental)]
    [DataRow("0 1|0 1|0 1", Scenario.DomainIncremental)]
    [DataRow("0 1 2|1|2 0", Scenario.DomainIncremental)]
    [DataRow("0 1|1 2", Scenario.Mixed)]
    [DataRow("0|1|0", Scenario.Mixed)]
    public void Scenarios_are_found_in_the_classes_of_the_tasks(string tasks, Scenario expected)
    {
        LearnedTask[] learned = [.. tasks.Split('|', StringSplitOptions.RemoveEmptyEntries).Select((task, i) => new LearnedTask($"{i}", [.. task.Split(' ').Select(int.Parse)]))];
        Assert.AreEqual(expected, learned.FindScenario());
    }

    [TestMethod]
    public void A_domain_incremental_run_goes_from_one_data_set_to_the_report()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions());
        TaskSequence tasks = Continual.SplitByDomain(View(4, 1), View(3, 2), "Domain");
        SequenceResult result = Continual.Run(trainer, tasks);
        CollectionAssert.AreEqual(s_domains, result.TaskNames.ToArray());
        CollectionAssert.AreEqual(s_domains, trainer.Tasks.Select(task => task.Name).ToArray());
        Assert.IsTrue(trainer.Tasks.All(task => task.Classes.SequenceEqual([0, 1])));
        Assert.AreEqual((Scenario.DomainIncremental, false), (result.Scenario, result.IsOnline));
        StringAssert.EndsWith(result.ToString(), "after 3 tasks (domain-incremental)");
        Assert.IsTrue(result.Evaluations[2].All(evaluation => evaluation.Rows == 6));
        Assert.IsGreaterThan(0.6, result.Matrix.AverageAccuracy, "the two classes can be told apart in every domain");
        string page = ContinualReport.Render("domains", [result]);
        StringAssert.Contains(page, "3 tasks, domain-incremental. All figures");
        StringAssert.Contains(page, "domain-incremental: no task after the first brings a new class");

        SequenceResult told = Continual.Run(Continual.Trainer(new ColourOptions { Seed = trainer.Seed }), tasks, new RunOptions { Setting = EvaluationSetting.TaskIncremental });
        Assert.AreEqual(result.Matrix.ToString(), told.Matrix.ToString(), "every task has all classes, so that knowing it says nothing");
    }

    [TestMethod]
    public void A_run_says_how_it_was_trained_and_how_it_predicts()
    {
        ContinualTask[] tasks = [Task("one", "ash"), Task("two", "birch")];
        Dictionary<string, string> usual = Configuration(new ColourOptions { Epochs = 3 }, out SequenceResult first);
        Assert.AreEqual("3 passes over each task, shuffled", usual["Training"]);
        Assert.AreEqual("per image, over all classes seen", usual["Protocol"]);
        StringAssert.StartsWith(usual["Scenario"], "class-incremental");
        StringAssert.EndsWith(first.ToString(), "(class-incremental)");

        Dictionary<string, string> online = Configuration(new ColourOptions().UseOnline(), out SequenceResult second, EvaluationSetting.TaskIncremental);
        Assert.AreEqual("online: one pass over each task, in the order of the rows", online["Training"]);
        Assert.IsTrue(second.IsOnline);
        StringAssert.EndsWith(second.ToString(), "(class-incremental, evaluated task-incrementally, online)");

        Assert.AreEqual("per image, over all classes seen", new L2POptions().Protocol);
        StringAssert.Contains(new L2POptions { PredictionBatchSize = 24 }.UsePaperProtocol().Protocol, "vote of each batch of 24");

        Dictionary<string, string> Configuration(ColourOptions options, out SequenceResult result, EvaluationSetting setting = EvaluationSetting.ClassIncremental)
        {
            using ContinualTrainer trainer = Continual.Trainer(options);
            result = Continual.Run(trainer, tasks, new RunOptions { Setting = setting });
            return result.Configuration.DistinctBy(line => line.Key).ToDictionary();
        }
    }

    [TestMethod]
    public void A_stream_is_run_and_its_test_rows_are_scored_once_after_each_task()
    {
        int scored = 0;
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Scored = rows => scored += rows }.UseOnline());
        IDataView rows = TinyImages.View(_mlContext, 6, 1, "ash", "birch"), test = TinyImages.View(_mlContext, 5, 2, "ash", "birch");
        SequenceResult result = Continual.Run(trainer, Continual.Stream(rows, 4, test));
        Assert.AreEqual(3, result.Matrix.TaskCount);
        Assert.AreEqual(3 * 10, scored);
        for (int after = 0; after < 3; after++) Assert.HasCount(1, result.Matrix.Row(after).Distinct(), "the tasks of a stream share their test rows");
        CollectionAssert.AreEqual(new[] { "Task 1", "Task 2", "Task 3" }, result.TaskNames.ToArray());
        Assert.AreEqual((Scenario.DomainIncremental, true), (result.Scenario, result.IsOnline));
    }

    [TestMethod]
    public void The_released_codes_forgetting_is_a_choice_that_the_report_names()
    {
        double[][] rows = [[0.5], [0.9, 0.8]];   // the first task gets better
        Assert.AreEqual(-0.4, new AccuracyMatrix(rows).Forgetting, 1e-12);
        var released = new AccuracyMatrix { ForgettingMaxIncludesCurrent = true };
        foreach (double[] row in rows) released.AddRow(row);
        Assert.AreEqual(0, released.Forgetting, 1e-12);
        Assert.AreEqual(-0.4, released.ForgettingAfter(1, maximumIncludesCurrent: false), 1e-12);

        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions());
        SequenceResult result = Continual.Run(trainer, [Task("one", "ash"), Task("two", "birch")], new RunOptions { ForgettingMaxIncludesCurrent = true });
        Assert.IsTrue(result.Matrix.ForgettingMaxIncludesCurrent);
        StringAssert.Contains(result.Configuration.ToDictionary()["Forgetting"], "the present model included");
    }

    [TestMethod]
    public void Grouped_accuracy_counts_by_ranges_of_classes()
    {
        GroupedAccuracy accuracy = GroupedAccuracy.Of([0, 1, 9, 4, 4], [0, 0, 1, 4, 5], oldClassCount: 2, groupSize: 2);
        Assert.AreEqual(2 / 5.0, accuracy.Total);
        Assert.AreEqual((1 / 3.0, 1 / 2.0), (accuracy.Old, accuracy.New));
        CollectionAssert.AreEqual(new[] { (0, 1, 1 / 3.0), (2, 3, double.NaN), (4, 5, 1 / 2.0) }, accuracy.Groups.ToArray());
        Assert.AreEqual("total 40.00, 00-01 33.33, 02-03 NaN, 04-05 50.00, old 33.33, new 50.00 (%)", accuracy.ToString());
        Assert.AreEqual(0, GroupedAccuracy.Of([0], [0], 0, 5).Old);
        Assert.ThrowsExactly<ArgumentException>(() => GroupedAccuracy.Of([0], [], 1, 1));
        Assert.ThrowsExactly<ArgumentException>(() => GroupedAccuracy.Of([0], [-1], 1, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => GroupedAccuracy.Of([0], [0], 1, 0));
    }

    private ContinualTask Task(string name, string label) => new(name, TinyImages.View(_mlContext, 4, 1, label), TinyImages.View(_mlContext, 4, 2, label));

    private IDataView View(int perClass, int seed) => _mlContext.Data.LoadFromEnumerable(s_domains.SelectMany((domain, d) =>
        TinyImages.Make(perClass, seed * 10 + d, "ash", "birch").Select(image => new DomainImage { Image = image.Image, Label = image.Label, Domain = domain })).ToList());

    private sealed class DomainImage
    {
        [Microsoft.ML.Data.VectorType(3, TinyImages.Size, TinyImages.Size)]
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";

        public string Domain { get; set; } = "";
    }
}
