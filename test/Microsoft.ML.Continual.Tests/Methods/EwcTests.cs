using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>Elastic weight consolidation: vectors of the specification, computed by hand, and what the method promises over whole tasks.</summary>
[TestClass]
public sealed class EwcTests
{
    private static Parameter Weights(params float[] values) => new(tensor((IList<float>)values, new long[] { values.Length }), true);

    private static Tensor Vector(params float[] values) => tensor((IList<float>)values, new long[] { values.Length });

    // Two logits w·x; the images are the numbers 1 and 2 with the labels 0 and 1.
    private static float[] Fisher(FisherKind kind, Parameter w)
    {
        var batch = new ImageBatch(Vector(1, 2).view(2, 1), tensor((IList<long>)[0L, 1L], new long[] { 2 }), [0, 1], true);
        return MethodBench.Values(FisherDiagonal.Estimate([w], [batch], x => x * w.view(1, 2), kind, new SeededRandom(1))[0]);
    }

    [TestMethod]
    [DataRow(FisherKind.Empirical, 1.58777173)]
    [DataRow(FisherKind.Expected, 0.30829314)]
    [DataRow(FisherKind.Predicted, 0.06458342)]
    [DataRow(FisherKind.Weighted, 0.21139463)]
    public void The_diagonal_is_the_mean_of_squared_gradients_of_single_images(FisherKind kind, double expected)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (float value in Fisher(kind, Weights(0.5f, -0.5f))) Assert.AreEqual(expected, value, 1e-6);
    }

    [TestMethod]
    public void Drawn_classes_give_the_exact_diagonal_on_average()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter w = Weights(0.5f, -0.5f);
        var batch = new ImageBatch(Vector(1, 2).view(2, 1), tensor((IList<long>)[0L, 1L], new long[] { 2 }), [0, 1], true);
        float mean = MethodBench.Values(FisherDiagonal.Estimate([w], Enumerable.Repeat(batch, 1500), x => x * w.view(1, 2), FisherKind.Sampled, new SeededRandom(3))[0])[0];
        Assert.AreEqual(0.30829314, mean, 0.03);
    }

    [TestMethod]
    public void The_penalty_and_its_gradient_are_the_hand_computed_ones()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter theta = Weights(0.5f, -0.5f);
        using var anchor = EwcAnchor.After([theta], [Vector(1.58777173f, 1.58777173f)]);
        using (no_grad()) theta.copy_(Vector(0.7f, -0.4f));
        Tensor penalty = anchor.Distance([theta]) * 5;   // λ = 10, half of it
        Assert.AreEqual(0.39694293, penalty.item<float>(), 1e-6);
        penalty.backward();
        CollectionAssert.AreEqual(new[] { 3.175543f, 1.587772f }, MethodBench.Values(theta.grad!).Select(g => MathF.Round(g, 6)).ToArray());
    }

    [TestMethod]
    public void Separate_penalties_and_the_single_one_are_the_hand_computed_ones()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter theta = Weights(1, 0);
        using var first = EwcAnchor.After([theta], [Vector(2, 0.5f)]);
        using (no_grad()) theta.copy_(Vector(1.5f, 1));
        using EwcAnchor second = EwcAnchor.After([theta], [Vector(1, 4)]), single = EwcAnchor.After([theta], [Vector(1, 4)], first, 0.9);
        using (no_grad()) theta.copy_(Vector(2, 0.5f));
        Assert.AreEqual(1.6875, ((first.Distance([theta]) + second.Distance([theta])) / 2).item<float>(), 1e-6);
        CollectionAssert.AreEqual(new[] { 2.8f, 4.45f }, MethodBench.Values(single.Weights[0]));
        Assert.AreEqual(0.90625, (single.Distance([theta]) / 2).item<float>(), 1e-6);
    }

    [TestMethod]
    public void Where_a_task_begins_the_penalty_and_its_gradient_are_zero()
    {
        using var bench = new MethodBench(new EwcOptions { PenaltyWeight = 1e6, Fisher = FisherKind.Empirical });
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1, 0, 1]));
        bench.Method.Conclude(new FinishedTask(4, _ => [bench.Batch([0, 1, 0, 1])], new SeededRandom(1), _ => { }));
        bench.Method.EndTask();
        bench.BeginTask(1, [2, 3], 4);
        LossTerms terms = bench.Method.ComputeLoss(bench.Batch([2, 3]));
        Assert.AreEqual(terms.CrossEntropy.item<float>(), terms.Total.item<float>());
        bench.Step(bench.Batch([2, 3]), 1e-3);
        LossTerms after = bench.Method.ComputeLoss(bench.Batch([2, 3]));
        Assert.IsGreaterThan(after.CrossEntropy.item<float>(), after.Total.item<float>());
    }

    [TestMethod]
    public void Without_weight_it_is_fine_tuning_bit_for_bit_and_with_much_weight_nothing_that_matters_moves()
    {
        var mlContext = new MLContext(1);
        using var backbone = TinyVit.Create();
        Dictionary<string, float[]>[] Learn(Func<ContinualCatalog, ContinualTrainer> create)
        {
            using ContinualTrainer trainer = create(mlContext.Continual());
            trainer.Fit(TinyImages.View(mlContext, 4, 1, "cat", "dog")).Dispose();
            Dictionary<string, float[]> first = Network(trainer);
            trainer.Fit(TinyImages.View(mlContext, 4, 2, "fox", "elk")).Dispose();
            return [first, Network(trainer)];
        }

        Dictionary<string, float[]>[] Ewc(double weight) => Learn(continual =>
        {
            EwcOptions options = EwcConformanceTests.Options(backbone);
            (options.PenaltyWeight, options.Optimizer, options.Fisher) = (weight, OptimizerKind.Sgd, FisherKind.Empirical);
            return continual.ElasticWeightConsolidation(options);
        });

        Dictionary<string, float[]>[] plain = Learn(continual =>
        {
            FineTuningOptions options = FineTuningConformanceTests.Options<FineTuningOptions>(backbone);
            (options.ClassMask, options.Optimizer) = (ClassMask.CurrentTask, OptimizerKind.Sgd);
            return continual.FineTuning(options);
        }), free = Ewc(0), held = Ewc(30);
        foreach ((string name, float[] values) in plain[1]) CollectionAssert.AreEqual(values, free[1][name], name);
        Assert.IsLessThan(Moved(free), Moved(held));

        static double Moved(Dictionary<string, float[]>[] states) => states[0].Sum(entry => entry.Value.Zip(states[1][entry.Key], (a, b) => (double)(a - b) * (a - b)).Sum());
        static Dictionary<string, float[]> Network(ContinualTrainer trainer) =>
            trainer.State!.Method.Tensors.Where(entry => entry.Key.StartsWith("network.", StringComparison.Ordinal)).ToDictionary(entry => entry.Key, entry => MethodBench.Values(entry.Value));
    }
}
