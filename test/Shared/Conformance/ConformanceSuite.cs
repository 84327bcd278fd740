using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Persistence;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;
using Microsoft.ML.Data;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>What every method with every constraint must keep to. A derived class says how the trainer is made.</summary>
public abstract class ConformanceSuite
{
    private Backbone _backbone = null!;

    protected MLContext MLContext { get; } = new(1);

    [TestInitialize]
    public void LoadBackbone() => _backbone = CreateBackbone();

    [TestCleanup]
    public void FreeBackbone() => _backbone.Dispose();

    /// <summary>The backbone of the method.</summary>
    private protected virtual Backbone CreateBackbone() => TinyVit.Create();

    /// <summary>A fresh trainer: seed 11, 1 or 2 epochs, batches of 4, labels and images in the usual columns.</summary>
    private protected abstract ContinualTrainer CreateTrainer(MLContext mlContext, Backbone backbone);

    private ContinualTrainer Create() => CreateTrainer(MLContext, _backbone);

    /// <summary>The fewest images a task may have; where it is more than one, smaller tasks must be refused.</summary>
    private protected virtual int SmallestTask => 1;

    /// <summary>Whether the method keeps tensors for every task it has learned, so that their number grows with the tasks.</summary>
    private protected virtual bool StateGrowsByTask => false;

    private int PerClass(int classes, int usual) => Math.Max(usual, (SmallestTask + classes - 1) / classes);

    private IDataView TaskOne => TinyImages.View(MLContext, PerClass(2, 5), 1, "cat", "dog");

    private IDataView TaskTwo => TinyImages.View(MLContext, PerClass(3, 5), 2, "fox", "elk", "dog");

    private IDataView Test => TinyImages.View(MLContext, 3, 3, "cat", "dog", "fox", "elk");

    [TestMethod]
    public void Two_tasks_are_learned_and_the_classes_keep_their_indices()
    {
        using ContinualTrainer trainer = Create();
        using ContinualTransformer first = trainer.Fit(TaskOne);
        using ContinualTransformer second = trainer.Fit(TaskTwo);
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, first.Classes.Names.ToArray());
        CollectionAssert.AreEqual(new[] { "cat", "dog", "fox", "elk" }, second.Classes.Names.ToArray());
        Assert.AreEqual((2, 2), (trainer.TasksSeen, second.TasksSeen));
        foreach (float[] scores in States.Scores(second, Test))
        {
            Assert.HasCount(4, scores);
            Assert.AreEqual(1.0, scores.Sum(), 1e-5);
            Assert.IsTrue(scores.All(p => p >= 0));
        }
    }

    [TestMethod]
    public void The_shape_before_fitting_agrees_with_the_schema_after()
    {
        using ContinualTrainer trainer = Create();
        SchemaShape input = Shapes.Of(MLContext, TaskOne.Schema);
        SchemaShape shape = trainer.GetOutputSchema(input);
        using ContinualTransformer model = trainer.Fit(TaskOne);
        DataViewSchema schema = model.GetOutputSchema(TaskOne.Schema), view = model.Transform(TaskOne).Schema, mapped = model.GetRowToRowMapper(TaskOne.Schema).OutputSchema;
        Shapes.AssertEqual(shape, Shapes.Of(MLContext, schema));
        Shapes.AssertEqual(shape, Shapes.Of(MLContext, view));
        Shapes.AssertEqual(shape, Shapes.Of(MLContext, mapped));
        Assert.AreEqual("Vector<Single, 2>", schema["Score"].Type.ToString());
        Assert.AreEqual((ulong)2, ((KeyDataViewType)schema["PredictedLabel"].Type).Count);
        Assert.AreEqual((ulong)2, ((KeyDataViewType)schema["Label"].Type).Count);
    }

    [TestMethod]
    public void A_snapshot_is_not_changed_by_later_fits()
    {
        using ContinualTrainer trainer = Create();
        using ContinualTransformer first = trainer.Fit(TaskOne);
        float[][] before = States.Scores(first, Test);
        using ContinualTransformer second = trainer.Fit(TaskTwo);
        States.AssertEqual(before, States.Scores(first, Test));
        second.Dispose();
        trainer.Dispose();
        States.AssertEqual(before, States.Scores(first, Test));
    }

    [TestMethod]
    public void The_same_seed_gives_the_same_bits()
    {
        using ContinualTrainer one = Create(), other = Create();
        foreach (ContinualTrainer trainer in new[] { one, other })
        {
            trainer.Fit(TaskOne).Dispose();
            trainer.Fit(TaskTwo).Dispose();
        }
        Assert.AreEqual(States.Of(one), States.Of(other));
    }

    [TestMethod]
    public void Going_on_from_a_snapshot_equals_a_straight_run_bit_for_bit()
    {
        using ContinualTrainer straight = Create(), other = Create();
        using ContinualTransformer first = straight.Fit(TaskOne), second = straight.Fit(TaskTwo);
        using ContinualTransformer resumed = other.Fit(TaskTwo, first);
        Assert.AreEqual(States.Of(straight), States.Of(other));
        States.AssertEqual(States.Scores(second, Test), States.Scores(resumed, Test));
        using ContinualTransformer again = straight.Fit(TaskTwo, first);   // back to the snapshot, past the trainer's own second task
        Assert.AreEqual(States.Of(other), States.Of(straight));
    }

    [TestMethod]
    public void A_model_made_again_from_the_state_scores_the_same_bits()
    {
        using ContinualTrainer trainer = Create();
        trainer.Fit(TaskOne).Dispose();
        using ContinualTransformer model = trainer.Fit(TaskTwo), again = trainer.GetModel();
        States.AssertEqual(States.Scores(model, Test), States.Scores(again, Test));
    }

    [TestMethod]
    public void A_run_resumed_from_any_state_that_was_kept_ends_with_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        string running = folder.File("run.state"), final = folder.File("final.state");
        var kept = new List<string>();
        IDataView one = TaskOne, two = TaskTwo;
        using (ContinualTrainer straight = Create().KeepState(running, everySteps: 1))
        {
            straight.StateKept = path =>
            {
                kept.Add(folder.File($"{kept.Count}.state"));
                File.Copy(path, kept[^1]);
            };
            straight.Fit(one).Dispose();
            straight.Fit(two).Dispose();
            straight.SaveState(final);
        }
        byte[] expected = File.ReadAllBytes(final);
        // Those in the middle of epochs, at their ends, and between the tasks; one more at random, for all would take long.
        var draw = new Random(3);
        int between = kept.FindIndex(path => { using StateFile file = StateFile.Read(path, StateFile.StateKind); return file.Document["learned"] is not null; });
        foreach (int i in new[] { 0, between - 1, between, between + 1, draw.Next(kept.Count) }.Distinct().Where(i => i >= 0 && i < kept.Count))
        {
            using ContinualTrainer resumed = Create();
            resumed.LoadState(kept[i]);
            if (resumed.TasksSeen == 0) resumed.Fit(one).Dispose();
            if (resumed.TasksSeen == 1) resumed.Fit(two).Dispose();
            Assert.IsNull(resumed.TaskInProgress);
            resumed.SaveState(folder.File("resumed.state"));
            CollectionAssert.AreEqual(expected, File.ReadAllBytes(folder.File("resumed.state")), $"resumed from state {i} of {kept.Count}, between the tasks is {between}");
        }
    }

    [TestMethod]
    public void A_model_read_from_its_file_scores_the_same_bits_and_can_be_gone_on_from()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model.safetensors");
        using ContinualTrainer trainer = Create(), other = Create();
        using ContinualTransformer first = trainer.Fit(TaskOne);
        first.Save(path);
        using ContinualTransformer loaded = new MLContext(5).Continual().LoadModel(path, _backbone);
        States.AssertEqual(States.Scores(first, Test), States.Scores(loaded, Test));
        loaded.Save(folder.File("again.safetensors"));
        CollectionAssert.AreEqual(File.ReadAllBytes(path), File.ReadAllBytes(folder.File("again.safetensors")));
        trainer.Fit(TaskTwo).Dispose();
        other.Fit(TaskTwo, loaded).Dispose();
        Assert.AreEqual(States.Of(trainer), States.Of(other));
    }

    [TestMethod]
    public void Cancellation_leaves_the_trainer_as_it_was()
    {
        using ContinualTrainer trainer = Create(), straight = Create();
        trainer.Fit(TaskOne).Dispose();
        string before = States.Of(trainer);
        using var source = new CancellationTokenSource();
        var progress = new Immediate(_ => source.Cancel());   // after the first epoch
        Assert.ThrowsExactly<OperationCanceledException>(() => trainer.Fit(TaskTwo, progress, source.Token));
        Assert.AreEqual(before, States.Of(trainer));

        trainer.Fit(TaskTwo).Dispose();
        straight.Fit(TaskOne).Dispose();
        straight.Fit(TaskTwo).Dispose();
        Assert.AreEqual(States.Of(straight), States.Of(trainer));
    }

    [TestMethod]
    public void Bad_data_leaves_the_trainer_as_it_was()
    {
        using ContinualTrainer trainer = Create(), straight = Create();
        trainer.Fit(TaskOne).Dispose();
        string before = States.Of(trainer);
        List<TinyImage> unlabelled = TinyImages.Make(3, 4, "owl", "bee");
        unlabelled[4].Label = "";
        foreach (IDataView bad in new[] { MLContext.Data.LoadFromEnumerable(unlabelled), MLContext.Data.LoadFromEnumerable(new List<TinyImage>()) })
        {
            Assert.ThrowsExactly<InvalidDataException>(() => trainer.Fit(bad));
            Assert.AreEqual(before, States.Of(trainer));
        }
        trainer.Fit(TaskTwo).Dispose();
        straight.Fit(TaskOne).Dispose();
        straight.Fit(TaskTwo).Dispose();
        Assert.AreEqual(States.Of(straight), States.Of(trainer));
    }

    [TestMethod]
    public void A_task_of_one_class_and_one_image_is_learned_or_refused()
    {
        using ContinualTrainer trainer = Create();
        if (SmallestTask > 1)
        {
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(TinyImages.View(MLContext, 1, 1, "cat"))).Message, $"needs {SmallestTask} training images");
            Assert.AreEqual("nothing", States.Of(trainer));
            return;
        }
        using ContinualTransformer first = trainer.Fit(TinyImages.View(MLContext, 1, 1, "cat"));
        Assert.AreEqual(1f, States.Scores(first, Test)[0][0]);
        using ContinualTransformer second = trainer.Fit(TinyImages.View(MLContext, 1, 1, "dog"));
        Assert.AreEqual(2, second.ClassCount);
    }

    [TestMethod]
    public void Known_classes_in_a_new_domain_are_learned_and_stay_the_same_classes()
    {
        using ContinualTrainer trainer = Create();
        using ContinualTransformer first = trainer.Fit(TaskOne), second = trainer.Fit(TinyImages.View(MLContext, PerClass(2, 5), 8, "dog", "cat"));
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, second.Classes.Names.ToArray());
        Assert.AreEqual(Scenario.DomainIncremental, second.Tasks.FindScenario());
        foreach (float[] scores in States.Scores(second, Test)) Assert.AreEqual(1.0, scores.Sum(), 1e-5);
    }

    [TestMethod]
    public void A_stream_is_learned_chunk_by_chunk_with_every_row_read_once()
    {
        using ContinualTrainer trainer = Create();
        int rows = Math.Max(6, SmallestTask);
        TaskSequence chunks = MLContext.Continual().Stream(TinyImages.View(MLContext, rows, 2, "fox", "elk", "dog"), rows);
        if (!trainer.Options.CacheImages)
        {
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(chunks.First())).Message, "CacheImages");
            return;
        }
        foreach (ContinualTask chunk in chunks) trainer.Fit(chunk).Dispose();
        Assert.AreEqual(3, trainer.TasksSeen);
        CollectionAssert.AreEquivalent(new[] { "fox", "elk", "dog" }, trainer.Classes.Names.ToArray());
    }

    [TestMethod]
    public void A_model_that_is_told_the_task_chooses_among_its_classes()
    {
        using ContinualTrainer trainer = Create();
        trainer.Fit(new ContinualTask("pets", TaskOne)).Dispose();
        using ContinualTransformer model = trainer.Fit(new ContinualTask("forest", TaskTwo));
        IDataView dogs = TinyImages.View(MLContext, 3, 3, "dog");
        for (int task = 0; task < 2; task++)
        {
            IReadOnlyList<int> own = model.Tasks[task].Classes;
            foreach (float[] scores in States.ReadScores(model, model.TransformKnowing(dogs, new TaskHint(task, own))))
            {
                Assert.AreEqual(1.0, own.Sum(c => scores[c]), 1e-5);
                Assert.IsTrue(Enumerable.Range(0, 4).Except(own).All(c => scores[c] == 0));
            }
        }
        // Row by row it is what the evaluation counts.
        TaskEvaluation found = MLContext.Continual().Evaluate(model, new ContinualTask("pets", TaskOne, dogs), EvaluationSetting.TaskIncremental);
        int right = States.ReadScores(model, model.TransformKnowing(dogs, new TaskHint(0, model.Tasks[0].Classes))).Count(s => s[1] > s[0]);
        Assert.AreEqual(right / 3.0, found.Accuracy, 1e-9);
    }

    [TestMethod]
    public void Threads_that_score_at_once_get_the_bits_of_one()
    {
        using ContinualTrainer trainer = Create();
        using ContinualTransformer model = trainer.Fit(TaskOne);
        IDataView test = Test;
        float[][] expected = States.Scores(model, test);
        float[][][] found = new float[4][][];
        Parallel.For(0, found.Length, new ParallelOptions { MaxDegreeOfParallelism = found.Length }, i => found[i] = States.Scores(model, test));
        foreach (float[][] scores in found) States.AssertEqual(expected, scores);
    }

    [TestMethod]
    public void Fitting_inside_a_dispose_scope_keeps_trainer_and_model_alive()
    {
        using ContinualTrainer trainer = Create();
        ContinualTransformer model;
        using (NewDisposeScope()) model = trainer.Fit(TaskOne);
        float[][] scores = States.Scores(model, Test);
        using ContinualTransformer second = trainer.Fit(TaskTwo);
        States.AssertEqual(scores, States.Scores(model, Test));
        model.Dispose();
    }

    [TestMethod]
    public void Forty_fits_leave_no_tensor_behind()
    {
        using ContinualTrainer trainer = Create();
        IDataView[] tasks = [TinyImages.View(MLContext, PerClass(2, 1), 1, "cat", "dog"), TinyImages.View(MLContext, PerClass(2, 1), 2, "fox", "cat")];
        for (int i = 0; i < 4; i++) Once(i);
        long before = LiveTensors.Count();
        for (int i = 0; i < 20; i++) Once(i);
        long between = LiveTensors.Count();
        for (int i = 0; i < 20; i++) Once(i);   // one tensor left by each fit would show as forty
        long after = LiveTensors.Count();
        Assert.AreEqual(between - before, after - between);
        if (!StateGrowsByTask) Assert.AreEqual(before, after);

        void Once(int i)
        {
            using ContinualTransformer model = trainer.Fit(tasks[i % 2]);
            States.Scores(model, tasks[i % 2]);
        }
    }

    [TestMethod]
    public void Disposing_everything_leaves_no_tensor_behind()
    {
        Warm();
        long before = LiveTensors.Count();
        Warm();
        Assert.AreEqual(before, LiveTensors.Count());

        void Warm()
        {
            using ContinualTrainer trainer = Create();
            using ContinualTransformer first = trainer.Fit(TaskOne), second = trainer.Fit(TaskTwo);
            Assert.ThrowsExactly<InvalidDataException>(() => trainer.Fit(MLContext.Data.LoadFromEnumerable(new List<TinyImage>())));
        }
    }

    [TestMethod]
    public void A_pipeline_learns_scores_and_predicts()
    {
        using ContinualTrainer trainer = Create();
        EstimatorChain<ContinualTransformer> pipeline = new EstimatorChain<ITransformer>()
            .Append(MLContext.Transforms.Conversion.MapValueToKey("Label")).Append(trainer);
        using var first = pipeline.Fit(TaskOne);
        using var second = pipeline.Fit(TaskTwo);   // MapValueToKey numbers its keys from 1 again
        CollectionAssert.AreEqual(new[] { "cat", "dog", "fox", "elk" }, second.LastTransformer.Classes.Names.ToArray());

        IDataView scored = second.LastTransformer.Transform(Test);
        int right = MLContext.Data.CreateEnumerable<Result>(MLContext.Transforms.Conversion.MapKeyToValue("PredictedLabel").Append(
            MLContext.Transforms.Conversion.MapKeyToValue("Label")).Fit(scored).Transform(scored), false).Count(row => row.Label == row.PredictedLabel);
        MulticlassClassificationMetrics metrics = MLContext.MulticlassClassification.Evaluate(scored);
        Assert.AreEqual(right / 12.0, metrics.MicroAccuracy, 1e-9);

        using var engine = MLContext.Model.CreatePredictionEngine<Input, Output>(second.LastTransformer);
        float[][] expected = States.Scores(second.LastTransformer, Test);
        int i = 0;
        foreach (TinyImage image in TinyImages.Make(3, 3, "cat", "dog", "fox", "elk"))
        {
            Output output = engine.Predict(new Input { Image = image.Image });
            for (int c = 0; c < 4; c++) Assert.AreEqual(expected[i][c], output.Score[c], 1e-5f);
            i++;
        }
    }

    private sealed class Result
    {
        public string Label { get; set; } = "";

        public string PredictedLabel { get; set; } = "";
    }

    private sealed class Input
    {
        [VectorType(3, TinyImages.Size, TinyImages.Size)]
        public byte[] Image { get; set; } = [];
    }

    private sealed class Output
    {
        public float[] Score { get; set; } = [];
    }

    /// <summary>Reports on the caller's thread, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Immediate(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => action(value);
    }
}
