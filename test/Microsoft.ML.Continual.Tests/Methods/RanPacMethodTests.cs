using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.RanPac;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>What RanPAC promises over whole tasks.</summary>
[TestClass]
public sealed class RanPacMethodTests
{
    private readonly MLContext _mlContext = new(1);

    private IDataView View(int seed, params string[] labels) => TinyImages.View(_mlContext, 5, seed, labels);

    private IDataView Test => TinyImages.View(_mlContext, 4, 9, "cat", "dog", "fox", "elk");

    [TestMethod]
    [DataRow(40, RidgeScoring.Linear)]
    [DataRow(40, RidgeScoring.Cosine)]
    [DataRow(0, RidgeScoring.Linear)]
    public void For_a_given_ridge_the_order_and_the_split_of_the_tasks_do_not_matter(int width, RidgeScoring scoring)
    {
        using var backbone = TinyVit.Create();
        Dictionary<string, float>[] expected = Learn(View(1, "cat", "dog", "fox", "elk"));
        foreach (Dictionary<string, float>[] actual in new[]
        {
            Learn(View(1, "elk", "fox"), View(1, "dog", "cat")),
            Learn(View(1, "fox"), View(1, "cat"), View(1, "elk"), View(1, "dog")),
        })
        {
            for (int row = 0; row < expected.Length; row++)
                foreach ((string name, float score) in expected[row]) Assert.AreEqual(score, actual[row][name], 1e-5f);
        }

        Dictionary<string, float>[] Learn(params IDataView[] tasks)
        {
            RanPacOptions options = RanPacConformanceTests.Options(backbone);
            (options.ProjectionWidth, options.Ridge, options.Scoring) = (width, 10, scoring);
            using ContinualTrainer trainer = _mlContext.Continual().RanPac(options);
            foreach (IDataView task in tasks) trainer.Fit(task).Dispose();
            using ContinualTransformer model = trainer.GetModel();
            IReadOnlyList<string> names = model.Classes.Names;
            return [.. States.Scores(model, Test).Select(row => row.Select((score, c) => (names[c], score)).ToDictionary())];
        }
    }

    [TestMethod]
    public void A_class_that_comes_back_adds_to_its_sums()
    {
        using var backbone = TinyVit.Create();
        RanPacOptions options = RanPacConformanceTests.Options(backbone);
        options.Ridge = 10;
        using ContinualTrainer parts = _mlContext.Continual().RanPac(options), whole = _mlContext.Continual().RanPac(options);
        parts.Fit(View(1, "cat", "dog")).Dispose();
        using ContinualTransformer two = parts.Fit(View(2, "dog", "cat"));
        using ContinualTransformer one = whole.Fit(_mlContext.Data.LoadFromEnumerable((List<TinyImage>)[.. TinyImages.Make(5, 1, "cat", "dog"), .. TinyImages.Make(5, 2, "cat", "dog")]));
        float[][] expected = States.Scores(one, Test), actual = States.Scores(two, Test);
        for (int row = 0; row < expected.Length; row++)
            for (int c = 0; c < 2; c++) Assert.AreEqual(expected[row][c], actual[row][c], 1e-5f);
    }

    [TestMethod]
    public void It_knows_the_images_of_all_tasks_and_chooses_a_ridge_in_each()
    {
        using var backbone = TinyVit.Create();
        using ContinualTrainer trainer = _mlContext.Continual().RanPac(RanPacConformanceTests.Options(backbone));
        trainer.Fit(View(1, "cat", "dog")).Dispose();
        Assert.Contains((double)trainer.State!.Method.Values["ridge"]!, RidgeSelection.Grid);
        using ContinualTransformer model = trainer.Fit(View(1, "fox", "elk"));
        Assert.Contains((double)trainer.State!.Method.Values["ridge"]!, RidgeSelection.Grid);
        string[] labels = [.. TinyImages.Make(4, 9, "cat", "dog", "fox", "elk").Select(row => row.Label)];
        float[][] scores = States.Scores(model, Test);
        int right = scores.Select((row, i) => model.Classes.Names[Array.IndexOf(row, row.Max())] == labels[i] ? 1 : 0).Sum();
        Assert.IsGreaterThan(scores.Length * 3 / 4, right);
    }

    [TestMethod]
    public void The_order_of_the_batches_does_not_matter()
    {
        using var bench = new MethodBench(new RanPacOptions { ProjectionWidth = 20, Ridge = 1 });
        using DisposeScope scope = NewDisposeScope();
        ImageBatch first = bench.Batch([0, 1, 0], seed: 1, deterministic: true), second = bench.Batch([1, 0, 1], seed: 2, deterministic: true, firstRow: 3);
        float[][] results = [Learn(first, second), Learn(second, first)];
        CollectionAssert.AreEqual(results[0], results[1]);

        float[] Learn(params ImageBatch[] batches)
        {
            using ContinualMethod method = new RanPacOptions { Backbone = bench.Backbone, ProjectionWidth = 20, Ridge = 1 }.CreateMethod(new SeededRandom(5));
            method.BeginTask(new MethodTask(0, [0, 1], 2, 6, new SeededRandom(1)));
            foreach (ImageBatch batch in batches) method.ComputeLoss(batch);
            method.Conclude(new FinishedTask(6, _ => [], new SeededRandom(2), _ => { }));
            method.EndTask();
            using var state = new StateDictionary();
            method.SaveState(state);
            return MethodBench.Values(state.Get("weights", null));
        }
    }

    [TestMethod]
    public void A_task_in_progress_goes_on_from_what_it_has_gathered()
    {
        using var bench = new MethodBench(new RanPacOptions { ProjectionWidth = 20 });
        using DisposeScope scope = NewDisposeScope();
        ImageBatch first = bench.Batch([0, 1, 0], seed: 1, deterministic: true), second = bench.Batch([1, 0, 1], seed: 2, deterministic: true, firstRow: 3);
        using var progress = new StateDictionary();
        using StateDictionary straight = Run(null, first, second), resumed = Run(progress, second);
        CollectionAssert.AreEqual(MethodBench.Values(straight.Get("weights", null)), MethodBench.Values(resumed.Get("weights", null)));

        StateDictionary Run(StateDictionary? from, params ImageBatch[] batches)
        {
            using ContinualMethod method = new RanPacOptions { Backbone = bench.Backbone, ProjectionWidth = 20 }.CreateMethod(new SeededRandom(5));
            method.BeginTask(new MethodTask(0, [0, 1], 2, 6, new SeededRandom(1)));
            if (from is not null) method.LoadProgress(from);
            foreach (ImageBatch batch in batches)
            {
                method.ComputeLoss(batch);
                if (from is null && batch == first) method.SaveProgress(progress);
            }
            method.Conclude(new FinishedTask(6, _ => [], new SeededRandom(2), _ => { }));
            method.EndTask();
            var state = new StateDictionary();
            method.SaveState(state);
            return state;
        }
    }

    [TestMethod]
    public void It_has_no_parameters_and_needs_one_pass_over_images_as_in_prediction()
    {
        using var bench = new MethodBench(new RanPacOptions { ProjectionWidth = 4 });
        Assert.IsEmpty(bench.Method.Parameters);
        Assert.IsEmpty(bench.Method.Sites);
        Assert.ThrowsExactly<InvalidOperationException>(() => bench.Method.ComputeLoss(bench.Batch([0])));
        foreach ((string name, Action<RanPacOptions> spoil) in new (string, Action<RanPacOptions>)[]
        {
            ("Epochs", o => o.Epochs = 2), ("TrainingView", o => o.TrainingView = TrainingView.RandomResizedCrop), ("ProjectionWidth", o => o.ProjectionWidth = -1),
            ("Ridge", o => o.Ridge = 0), ("Ridge", o => o.Ridge = double.PositiveInfinity), ("Scoring", o => o.Scoring = (RidgeScoring)7),
            ("FirstSession", o => o.FirstSession = (FirstSession)5), ("AdapterWidth", o => o.AdapterWidth = 0),
        })
        {
            var options = new RanPacOptions { Backbone = bench.Backbone };
            spoil(options);
            Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentException>(options.Validate).ParamName);
        }
    }

    [TestMethod]
    public void The_adapter_is_trained_in_the_first_session_and_keeps_its_bits_after_it()
    {
        using var backbone = TinyVit.Create();
        using ContinualTrainer trainer = _mlContext.Continual().RanPac(RanPacWithFirstSessionConformanceTests.Options(backbone));
        var epochs = new List<int>();
        trainer.Fit(View(1, "cat", "dog"), new Immediate(p => epochs.Add(p.Epoch)), CancellationToken.None).Dispose();
        CollectionAssert.AreEqual(new[] { 1, 2 }, epochs.Distinct().ToArray());
        float[][] adapter = Adapter();
        Assert.IsTrue(adapter.All(values => values.Any(v => v != 0)), "what started at zero was moved");
        epochs.Clear();
        trainer.Fit(View(1, "fox", "cat"), new Immediate(p => epochs.Add(p.Epoch)), CancellationToken.None).Dispose();
        CollectionAssert.AreEqual(new[] { 1 }, epochs.Distinct().ToArray(), "later tasks are passed over once");
        for (int i = 0; i < 4; i++) CollectionAssert.AreEqual(adapter[i], Adapter()[i]);

        float[][] Adapter() => [.. new[] { "adapter.down.weight", "adapter.down.bias", "adapter.up.weight", "adapter.up.bias" }.Select(name => MethodBench.Values(trainer.State!.Method.Get(name, null)))];
    }

    [TestMethod]
    public void An_adapter_that_has_learned_nothing_leaves_the_regression_as_it_is_without()
    {
        using var backbone = TinyVit.Create();
        RanPacOptions plain = RanPacConformanceTests.Options(backbone), adapted = RanPacWithFirstSessionConformanceTests.Options(backbone);
        (adapted.LearningRate, adapted.WeightDecay) = (1e-30, 0);
        using ContinualTrainer one = _mlContext.Continual().RanPac(plain), other = _mlContext.Continual().RanPac(adapted);
        foreach (ContinualTrainer trainer in new[] { one, other })
        {
            trainer.Fit(View(1, "cat", "dog")).Dispose();
            trainer.Fit(View(1, "fox", "elk")).Dispose();
        }
        float[] expected = MethodBench.Values(one.State!.Method.Get("gram", null)), actual = MethodBench.Values(other.State!.Method.Get("gram", null));
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 1e-4f * (1 + Math.Abs(expected[i])));
    }

    [TestMethod]
    public void The_first_session_has_a_cosine_classifier_whose_scale_starts_at_one_and_lowers_its_loss()
    {
        using var bench = new MethodBench(new RanPacOptions { ProjectionWidth = 8, AdapterWidth = 4 }.UseFirstSession());
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0, 1], 2);
        string[] names = ["adapter.down.weight", "adapter.down.bias", "adapter.up.weight", "adapter.up.bias", "fc.weight", "fc.sigma"];
        CollectionAssert.AreEqual(names, bench.Method.Parameters.Select(p => p.Name).ToArray());
        Assert.AreEqual(1f, MethodBench.Values(bench.Parameter("fc.sigma")).Single());
        ImageBatch batch = bench.Batch([0, 1, 0, 1]);
        LossTerms first = bench.Method.ComputeLoss(batch);
        Assert.IsLessThanOrEqualTo(1 + 1e-5f, first.Logits.abs().max().item<float>());
        Parameter downBias = bench.Parameter("adapter.down.bias");
        using (no_grad()) bench.Parameter("adapter.up.weight").add_(0.1);   // zeros let no gradient through to the first layer
        for (int i = 0; i < 40; i++) bench.Step(batch, 0.3);
        Assert.IsTrue(downBias.grad!.abs().max().item<float>() > 0);
        Assert.IsLessThan(first.Total.item<float>() * 0.8, bench.Method.ComputeLoss(batch).Total.item<float>());
        bench.Method.EndTask();
        bench.BeginTask(1, [2], 3);
        Assert.IsEmpty(bench.Method.Parameters);
    }

    [TestMethod]
    public void Cosines_are_the_ones_worked_out_by_hand()
    {
        using DisposeScope scope = NewDisposeScope();
        float[] cosines = MethodBench.Values(CosineHead.Cosines(from_array(new[] { 3f, 4, 0, 0 }).view(2, 2), from_array(new[] { 1f, 0, 0, 2, 1, 1 }).view(3, 2)));
        float[] expected = [.6f, .8f, .98994949f, 0, 0, 0];
        for (int i = 0; i < 6; i++) Assert.AreEqual(expected[i], cosines[i], 1e-6f);
    }

    [TestMethod]
    public void Recipes_set_the_first_session_and_a_state_with_adapters_is_not_taken_for_one_without()
    {
        RanPacOptions cifar = new(Recipe.SplitCifar100), imageNetR = new(Recipe.SplitImageNetR);
        Assert.AreEqual((FirstSession.Adapter, 20, 48, 0.01, 5e-4, OptimizerKind.Sgd, LearningRateSchedule.Cosine), (cifar.FirstSession, cifar.Epochs, cifar.BatchSize, cifar.LearningRate, cifar.WeightDecay, cifar.Optimizer, cifar.Schedule));
        Assert.AreEqual((10, 16, 0.05, 5e-3), (imageNetR.Epochs, imageNetR.BatchSize, imageNetR.LearningRate, imageNetR.WeightDecay));
        Assert.ThrowsExactly<ArgumentException>(() => new RanPacOptions(Recipe.SplitCub200));

        using var backbone = TinyVit.Create();
        using ContinualTrainer adapted = _mlContext.Continual().RanPac(RanPacWithFirstSessionConformanceTests.Options(backbone)), plain = _mlContext.Continual().RanPac(RanPacConformanceTests.Options(backbone));
        using ContinualTransformer model = adapted.Fit(View(1, "cat", "dog")), other = plain.Fit(View(1, "cat", "dog"));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => plain.Fit(View(1, "fox"), model)).Message, "FirstSession");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => adapted.Fit(View(1, "fox"), other)).Message, "adapter");
    }

    private sealed class Immediate(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => action(value);
    }

    [TestMethod]
    public void A_model_of_another_seed_is_gone_on_from_with_its_own_projection()
    {
        using var backbone = TinyVit.Create();
        RanPacOptions one = RanPacConformanceTests.Options(backbone), other = RanPacConformanceTests.Options(backbone);
        other.Seed = 12;
        using ContinualTrainer first = _mlContext.Continual().RanPac(one), second = _mlContext.Continual().RanPac(other);
        using ContinualTransformer model = first.Fit(View(1, "cat", "dog")), next = second.Fit(View(1, "fox"), model);
        Assert.AreEqual((long)first.State!.Method.Values["projection seed"]!, (long)second.State!.Method.Values["projection seed"]!);
        second.Dispose();
        Assert.HasCount(3, States.Scores(next, Test)[0]);
    }
}
