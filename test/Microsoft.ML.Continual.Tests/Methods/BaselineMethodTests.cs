using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.LinearProbe;
using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>What the baselines promise, over whole tasks.</summary>
[TestClass]
public sealed class BaselineMethodTests
{
    private readonly MLContext _mlContext = new(1);

    private IDataView View(int seed, params string[] labels) => TinyImages.View(_mlContext, 5, seed, labels);

    private IDataView Test => TinyImages.View(_mlContext, 4, 9, "cat", "dog", "fox", "elk");

    [TestMethod]
    [DataRow(ClassMeanMetric.Cosine)]
    [DataRow(ClassMeanMetric.Euclid)]
    [DataRow(ClassMeanMetric.CosineNorm)]
    public void Class_means_do_not_depend_on_the_order_or_the_split_of_the_tasks(ClassMeanMetric metric)
    {
        using var backbone = TinyVit.Create();
        Dictionary<string, float>[] Learn(params IDataView[] tasks)
        {
            NearestClassMeanOptions options = NearestClassMeanConformanceTests.Options(backbone);
            options.Metric = metric;
            using ContinualTrainer trainer = _mlContext.Continual().NearestClassMean(options);
            foreach (IDataView task in tasks) trainer.Fit(task).Dispose();
            using ContinualTransformer model = trainer.GetModel();
            IReadOnlyList<string> names = model.Classes.Names;
            return [.. States.Scores(model, Test).Select(row => row.Select((score, c) => (names[c], score)).ToDictionary())];
        }

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
    }

    [TestMethod]
    public void Class_means_of_a_class_that_comes_back_are_over_all_its_images()
    {
        using var backbone = TinyVit.Create();
        using ContinualTrainer parts = _mlContext.Continual().NearestClassMean(NearestClassMeanConformanceTests.Options(backbone)),
            whole = _mlContext.Continual().NearestClassMean(NearestClassMeanConformanceTests.Options(backbone));
        parts.Fit(View(1, "cat", "dog")).Dispose();
        using ContinualTransformer two = parts.Fit(View(2, "cat", "dog"));
        using ContinualTransformer one = whole.Fit(_mlContext.Data.LoadFromEnumerable((List<TinyImage>)[.. TinyImages.Make(5, 1, "cat", "dog"), .. TinyImages.Make(5, 2, "cat", "dog")]));
        float[][] expected = States.Scores(one, Test), actual = States.Scores(two, Test);
        for (int row = 0; row < expected.Length; row++)
            for (int c = 0; c < 2; c++) Assert.AreEqual(expected[row][c], actual[row][c], 1e-5f);
    }

    [TestMethod]
    public void Class_means_have_no_parameters_and_need_one_pass_over_images_as_in_prediction()
    {
        using var bench = new MethodBench(new NearestClassMeanOptions());
        Assert.IsEmpty(bench.Method.Parameters);
        Assert.IsEmpty(bench.Method.Sites);
        Assert.ThrowsExactly<InvalidOperationException>(() => bench.Method.ComputeLoss(bench.Batch([0])));
        Assert.Throws<ArgumentException>(() => new NearestClassMeanOptions { Backbone = bench.Backbone, Epochs = 2 }.Validate(), "Epochs");
        Assert.Throws<ArgumentException>(() => new NearestClassMeanOptions { Backbone = bench.Backbone, TrainingView = TrainingView.RandomResizedCrop }.Validate(), "TrainingView");
    }

    [TestMethod]
    public void A_linear_probe_leaves_the_rows_of_old_classes_bit_for_bit()
    {
        using var backbone = TinyVit.Create();
        using ContinualTrainer trainer = _mlContext.Continual().LinearProbe(LinearProbeConformanceTests.Options(backbone));
        trainer.Fit(View(1, "cat", "dog")).Dispose();
        float[] before = Head(trainer);
        trainer.Fit(View(1, "fox", "elk")).Dispose();
        CollectionAssert.AreEqual(before, Head(trainer)[..before.Length]);

        LinearProbeOptions options = LinearProbeConformanceTests.Options(backbone);
        options.ClassMask = ClassMask.SeenClasses;
        using ContinualTrainer unmasked = _mlContext.Continual().LinearProbe(options);
        unmasked.Fit(View(1, "cat", "dog")).Dispose();
        before = Head(unmasked);
        unmasked.Fit(View(1, "fox", "elk")).Dispose();
        CollectionAssert.AreNotEqual(before, Head(unmasked)[..before.Length]);

        static float[] Head(ContinualTrainer trainer) => MethodBench.Values(trainer.State!.Method.Get("head.weight", null));
    }

    [TestMethod]
    public void A_linear_probe_computes_the_features_of_a_deterministic_view_once()
    {
        using var bench = new MethodBench(new LinearProbeOptions());
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0, 1], 2);
        ImageBatch first = bench.Batch([0, 1, 0], seed: 1, deterministic: true), others = bench.Batch([0, 1, 0], seed: 2, deterministic: true);
        float[] expected = MethodBench.Values(bench.Method.ComputeLoss(first).Logits);
        CollectionAssert.AreEqual(expected, MethodBench.Values(bench.Method.ComputeLoss(others).Logits), "the same rows: the images are not looked at again");
        bench.BeginTask(1, [0, 1], 2);
        CollectionAssert.AreNotEqual(expected, MethodBench.Values(bench.Method.ComputeLoss(others).Logits), "another task has other images");
    }
}
