using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Evaluation;

/// <summary>Which classes a model chooses among when it is told the task.</summary>
[TestClass]
public class TaskIncrementalTests
{
    private readonly MLContext _mlContext = new(11);

    private ContinualCatalog Continual => _mlContext.Continual();

    [TestMethod]
    public void A_model_remembers_the_tasks_it_has_learned_and_their_classes()
    {
        var options = new ColourOptions { Epochs = 1 };
        using ContinualTrainer trainer = Continual.Trainer(options), other = Continual.Trainer(options);
        Assert.IsEmpty(trainer.Tasks);
        using ContinualTransformer first = trainer.Fit(Task("spring", "ash", "birch"));
        using ContinualTransformer second = trainer.Fit(View("yew", "ash")), third = trainer.GetModel();
        Assert.AreEqual("spring: 0 1", Describe(first.Tasks));
        Assert.AreEqual("spring: 0 1; Task 2: 0 2", Describe(second.Tasks));
        Assert.AreEqual(Describe(second.Tasks), Describe(third.Tasks));
        Assert.AreEqual(Describe(second.Tasks), Describe(trainer.Tasks));
        Assert.AreEqual("spring (2 classes)", second.Tasks[0].ToString());

        using ContinualTransformer resumed = other.Fit(Task("autumn", "oak"), first);
        Assert.AreEqual("spring: 0 1; autumn: 2", Describe(resumed.Tasks));
    }

    [TestMethod]
    public void A_class_of_the_task_competes_although_no_test_row_has_it()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { Epochs = 1, LearningRate = 0.01 });
        trainer.Fit(Task("spring", "ash", "birch")).Dispose();
        using ContinualTransformer model = trainer.Fit(Task("autumn", "cedar", "oak"));
        IDataView onlyAsh = View("ash");
        double known = Loss("spring"), unknown = Loss("winter"), untold = Continual.Evaluate(model, new ContinualTask("spring", onlyAsh, onlyAsh)).LogLoss;
        Assert.IsGreaterThan(0.01, known, "birch has its share");
        Assert.IsLessThan(untold, known, "cedar and oak have none");
        Assert.AreEqual(0, unknown, 1e-6, "a task the model has not learned is known by its test rows alone");

        double Loss(string name) => Continual.Evaluate(model, new ContinualTask(name, onlyAsh, onlyAsh), EvaluationSetting.TaskIncremental).LogLoss;
    }

    [TestMethod]
    public void Probabilities_over_the_tasks_classes_sum_to_one_and_keep_their_ratios()
    {
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions());
        trainer.Fit(Task("spring", "ash", "birch")).Dispose();
        using ContinualTransformer model = trainer.Fit(Task("autumn", "cedar", "oak"));
        float[][] all = States.Scores(model, View("ash", "oak")), told = Told(model, new TaskHint(null, [1, 3]));
        for (int row = 0; row < all.Length; row++)
        {
            Assert.AreEqual((0f, 0f), (told[row][0], told[row][2]));
            Assert.AreEqual(all[row][1] / (all[row][1] + all[row][3]), told[row][1], 1e-5);
            Assert.AreEqual(1, told[row][1] + told[row][3], 1e-6);
        }
    }

    [TestMethod]
    public void A_scorer_that_can_use_the_task_is_told_it_in_this_setting_alone()
    {
        List<int> told = [];
        // Whatever the task, the scorer prefers the first class of the other one: which does not help it.
        using ContinualTrainer trainer = Continual.Trainer(new ColourOptions { FavouriteOfTask = task => { told.Add(task); return task == 0 ? 1 : 0; } });
        trainer.Fit(Task("spring", "ash", "birch")).Dispose();
        using ContinualTransformer model = trainer.Fit(Task("autumn", "cedar", "oak"));
        Continual.Evaluate(model, Task("autumn", "cedar", "oak"));
        Continual.Evaluate(model, Task("winter", "cedar"), EvaluationSetting.TaskIncremental);
        Assert.IsEmpty(told, "no task is known here");

        TaskEvaluation spring = Continual.Evaluate(model, Task("spring", "ash", "birch"), EvaluationSetting.TaskIncremental);
        TaskEvaluation autumn = Continual.Evaluate(model, Task("autumn", "cedar", "oak"), EvaluationSetting.TaskIncremental);
        CollectionAssert.AreEqual(new[] { 0, 1 }, told);
        Assert.AreEqual(0.5, spring.Accuracy, "everything is birch");
        Assert.AreEqual(1.0, autumn.Accuracy, "ash is no class of this task");
    }

    private static float[][] Told(ContinualTransformer model, TaskHint hint)
    {
        IDataView scored = model.TransformKnowing(TinyImages.View(new MLContext(1), 4, 1, "ash", "oak"), hint);
        return [.. scored.GetColumn<float[]>("Score")];
    }

    private static string Describe(IReadOnlyList<LearnedTask> tasks) => string.Join("; ", tasks.Select(task => $"{task.Name}: {string.Join(' ', task.Classes)}"));

    private IDataView View(params string[] labels) => TinyImages.View(_mlContext, 4, 1, labels);

    private ContinualTask Task(string name, params string[] labels) => new(name, View(labels), View(labels));
}
