using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Evaluation;

/// <summary>The evaluation of CLIP-PGP's released code, in which classes of later tasks do not compete.</summary>
[TestClass]
public sealed class BatchMaximumTaskTests
{
    private readonly MLContext _mlContext = new(11);

    private ContinualCatalog Continual => _mlContext.Continual();

    [TestMethod]
    public void Classes_of_later_tasks_do_not_compete_and_those_of_earlier_ones_do()
    {
        string[][] labels = [["ash", "birch"], ["cedar"], ["oak", "yew"]];
        ContinualTask[] tasks = [.. labels.Select((l, i) => Task($"season {i}", l))];
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Epochs = 1, LearningRate = 0.01 });
        foreach (ContinualTask task in tasks[..2]) trainer.Fit(task).Dispose();
        using ContinualTransformer model = trainer.Fit(tasks[2]);
        double[] honest = Losses(EvaluationSetting.ClassIncremental), leaking = Losses(EvaluationSetting.BatchMaximumTask), told = Losses(EvaluationSetting.TaskIncremental);
        Assert.AreEqual(told[0], leaking[0], 1e-9, "the first task has none before it");
        Assert.IsLessThan(honest[0], leaking[0]);
        Assert.IsLessThan(honest[1], leaking[1]);
        Assert.IsGreaterThan(0.1, leaking[1], "cedar competes with ash and birch");
        Assert.AreEqual(honest[2], leaking[2], 1e-6, "the last task has none behind it");

        ContinualTask unknown = Task("elsewhere", "ash");
        Assert.AreEqual(Loss(unknown, EvaluationSetting.ClassIncremental), Loss(unknown, EvaluationSetting.BatchMaximumTask), 1e-9);

        double[] Losses(EvaluationSetting setting) => [.. tasks.Select(task => Loss(task, setting))];
        double Loss(ContinualTask task, EvaluationSetting setting) => Continual.Evaluate(model, task, setting).LogLoss;
    }

    [TestMethod]
    public void The_results_name_the_leak()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Epochs = 1 });
        SequenceResult result = Continual.Run(trainer, [Task("one", "ash"), Task("two", "oak")], new RunOptions { Setting = EvaluationSetting.BatchMaximumTask });
        StringAssert.Contains(result.ToString(), "evaluated with the batch's largest task");
        StringAssert.Contains(result.Configuration.Single(line => line.Key == "Setting").Value, "the true task leaks");
        StringAssert.Contains(result.Evaluations[1][0].ToString(), "largest task");
    }

    private ContinualTask Task(string name, params string[] labels)
    {
        IDataView view = TinyImages.View(_mlContext, 3, 1, labels);
        return new ContinualTask(name, view, view);
    }
}
