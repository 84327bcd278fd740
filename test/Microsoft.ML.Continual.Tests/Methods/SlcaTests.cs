using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>SLCA: vectors of the specification and what the method promises.</summary>
[TestClass]
public sealed class SlcaTests
{
    private readonly MLContext _mlContext = new(1);

    private static Tensor Matrix(int columns, params float[] values) => tensor((IList<float>)values, new long[] { values.Length / columns, columns });

    [TestMethod]
    public void A_class_is_drawn_from_its_mean_and_covariance_as_computed_by_hand()
    {
        using DisposeScope scope = NewDisposeScope();
        using ClassDistribution distribution = ClassDistribution.Measure(0, 0, Matrix(2, 1, 2, 3, 0, 2, 4), isFull: true, isPopulation: false);
        float[] factor = MethodBench.Values(distribution.Spread), expected = [1.00005f, 0, -0.99995f, 1.73210854f];
        for (int i = 0; i < 4; i++) Assert.AreEqual(expected[i], factor[i], 1e-6f);
        float[] drawn = MethodBench.Values(distribution.Draw(Matrix(2, 0.5f, -1), 0.95));
        Assert.AreEqual(2.400025, drawn[0], 1e-6);
        Assert.AreEqual(-0.33208354, drawn[1], 1e-6);
    }

    [TestMethod]
    public void Means_are_scaled_by_the_task_that_brought_the_class()
    {
        using DisposeScope scope = NewDisposeScope();
        ClassDistribution[] distributions = [.. Enumerable.Range(0, 5).Select(t => ClassDistribution.Measure(t, t, Matrix(2, 1, 10, 1, 10), true, false))];
        using Parameter weight = TrainableTensor.Create(zeros(5, 2), CPU), bias = TrainableTensor.Create(zeros(5), CPU);
        float[] drawn = [];
        new ClassifierAligner(ClassifierAlignmentOptions.Slca with { Epochs = 1, Samples = 1 })
        {
            Normals = _ => zeros(5, 1, 2),
            Drawn = (_, features) => drawn = MethodBench.Values(features),
        }.Align(weight, bias, distributions, 4, new SeededRandom(1));
        for (int t = 0; t < 5; t++) Assert.AreEqual(0.92 + 0.02 * t, drawn[2 * t], 1e-6);
        foreach (ClassDistribution distribution in distributions) distribution.Dispose();
    }

    [TestMethod]
    public void Logits_are_normalised_as_computed_by_hand()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] groups = [tensor((IList<long>)[0L, 1L], new long[] { 2 }), tensor((IList<long>)[2L, 3L], new long[] { 2 })];
        Tensor logits = Matrix(4, 3, 4, 1, 0), label = tensor((IList<long>)[0L], new long[] { 1 });
        float[] normalised = MethodBench.Values(ClassifierAligner.Normalize(logits, groups, 0.1)), expected = [10, 13.33333333f, 3.33333333f, 0];
        for (int i = 0; i < 4; i++) Assert.AreEqual(expected[i], normalised[i], 1e-5f);
        Assert.AreEqual(3.36843115, nn.functional.cross_entropy(ClassifierAligner.Normalize(logits, groups, 0.1), label).item<float>(), 1e-5);
        Assert.AreEqual(3.36843115, nn.functional.cross_entropy(ClassifierAligner.Normalize(logits * 7, groups, 0.1), label).item<float>(), 1e-5, "a common factor changes nothing");
    }

    [TestMethod]
    public void Old_rows_keep_their_bits_in_training_and_alignment_changes_a_copy_only()
    {
        using var bench = new MethodBench(new SlcaOptions { Alignment = ClassifierAlignmentOptions.Slca with { Epochs = 2, Samples = 8 } });
        using DisposeScope scope = NewDisposeScope();
        Learn(0, [0, 1]);
        float[] first = MethodBench.Values(bench.Parameter("head.weight"));
        bench.BeginTask(1, [2, 3], 4);
        for (int i = 0; i < 3; i++) bench.Step(bench.Batch([2, 3, 2, 3]));
        using (no_grad()) bench.Parameter("head.weight").mul_(0.9);   // as weight decay does
        bench.Method.FinishTraining();
        float[] trained = MethodBench.Values(bench.Parameter("head.weight"));
        CollectionAssert.AreEqual(first, trained[..first.Length]);
        bench.Method.Conclude(Finished([2, 3, 2, 3]));
        bench.Method.EndTask();
        CollectionAssert.AreEqual(trained, MethodBench.Values(bench.Parameter("head.weight")), "the next task begins with the rows that training left");
        using var state = new StateDictionary();
        bench.Method.SaveState(state);
        CollectionAssert.AreNotEqual(trained, MethodBench.Values(state.Get("aligned.weight", 4, bench.Backbone.Width)));

        void Learn(int index, int[] classes)
        {
            bench.BeginTask(index, classes, classes.Max() + 1);
            bench.Step(bench.Batch([0, 1, 0, 1]));
            bench.Method.FinishTraining();
            bench.Method.Conclude(Finished([0, 1, 0, 1]));
            bench.Method.EndTask();
        }

        FinishedTask Finished(int[] labels) => new(labels.Length, _ => [bench.Batch(labels)], new SeededRandom(4), _ => { });
    }

    [TestMethod]
    public void The_network_learns_at_a_hundredth_of_the_classifiers_rate_and_weight_decay_spares_old_rows()
    {
        using var backbone = TinyVit.Create();
        SlcaOptions options = SlcaConformanceTests.Options(backbone);
        Assert.AreEqual((OptimizerKind.Sgd, 5e-4, 0.01), (options.Optimizer, options.WeightDecay, options.BackboneLearningRateScale));
        options.WeightDecay = 0.1;
        using ContinualTrainer trainer = _mlContext.Continual().SlowLearner(options);
        trainer.Fit(TinyImages.View(_mlContext, 4, 1, "cat", "dog")).Dispose();
        float[] before = MethodBench.Values(trainer.State!.Method.Get("head.weight", null));
        trainer.Fit(TinyImages.View(_mlContext, 4, 2, "fox", "elk")).Dispose();
        CollectionAssert.AreEqual(before, MethodBench.Values(trainer.State!.Method.Get("head.weight", null))[..before.Length]);
    }
}
