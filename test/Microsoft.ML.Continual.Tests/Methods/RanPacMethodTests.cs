using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.RanPac;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
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
        })
        {
            var options = new RanPacOptions { Backbone = bench.Backbone };
            spoil(options);
            Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentException>(options.Validate).ParamName);
        }
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
