using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>BiC: vectors of the specification and what the method promises.</summary>
[TestClass]
public sealed class BicTests
{
    private static readonly double[][] s_logits = [[2, 0, 3, 1], [0, 2, 1, 3], [0.5, 0, 3, 0.5], [0, 0.5, 1, 3]];
    private static readonly int[] s_labels = [0, 1, 2, 3];

    private readonly MLContext _mlContext = new(1);

    [TestMethod]
    public void The_validation_loss_and_its_gradient_are_the_hand_computed_ones()
    {
        var at = BiasFit.Evaluate(s_logits, s_labels, 2, 0, 1, 0);
        Assert.AreEqual(0.82777007, at.Value, 1e-8);
        Assert.AreEqual(0.75426218, at.Alpha, 1e-8);
        Assert.AreEqual(0.31235553, at.Beta, 1e-8);
        var other = BiasFit.Evaluate(s_logits, s_labels, 2, 0, 0.8, -0.5);
        Assert.AreEqual(0.62315646, other.Value, 1e-8);
        Assert.AreEqual(0.1533478, other.Alpha, 1e-7);
        Assert.AreEqual(0.11797698, other.Beta, 1e-8);
        Assert.AreEqual(0.0125, BiasFit.Evaluate(s_logits, s_labels, 2, 0.1, 0.8, -0.5).Value - other.Value, 1e-12);
    }

    [TestMethod]
    public void The_second_derivatives_are_those_of_the_gradient()
    {
        const double Step = 1e-5;
        var at = BiasFit.Evaluate(s_logits, s_labels, 2, 0.1, 0.8, -0.5);
        var right = BiasFit.Evaluate(s_logits, s_labels, 2, 0.1, 0.8 + Step, -0.5);
        var up = BiasFit.Evaluate(s_logits, s_labels, 2, 0.1, 0.8, -0.5 + Step);
        Assert.AreEqual((right.Alpha - at.Alpha) / Step, at.AlphaAlpha, 1e-4);
        Assert.AreEqual((right.Beta - at.Beta) / Step, at.AlphaBeta, 1e-4);
        Assert.AreEqual((up.Beta - at.Beta) / Step, at.BetaBeta, 1e-4);
    }

    [TestMethod]
    public void The_fit_ends_in_the_hand_computed_minimum_and_never_above_where_it_began()
    {
        (double alpha, double beta) = BiasFit.Fit(s_logits, s_labels, 2, 0.1);
        Assert.AreEqual(0.766698, alpha, 1e-6);
        Assert.AreEqual(-0.648510, beta, 1e-6);
        Assert.AreEqual(0.60699555, BiasFit.Evaluate(s_logits, s_labels, 2, 0, alpha, beta).Value, 1e-8);
        // Labels that no finite α serves best: the search stops, and at a better place.
        double[][] separable = [[1, 0, 0.5], [1, 0, 1.5]];
        (alpha, beta) = BiasFit.Fit(separable, [0, 2], 2, 0);
        Assert.IsTrue(double.IsFinite(alpha) && double.IsFinite(beta));
        Assert.IsLessThan(BiasFit.Evaluate(separable, [0, 2], 2, 0, 1, 0).Value, BiasFit.Evaluate(separable, [0, 2], 2, 0, alpha, beta).Value);
    }

    [TestMethod]
    public void A_tenth_of_the_memory_is_for_validation()
    {
        var options = new BicOptions();
        CollectionAssert.AreEqual(new[] { 20, 10, 6, 5, 4, 3, 2, 2, 2 }, Enumerable.Range(1, 9).Select(t => options.ValidationImages(10 * t)).ToArray());
        Assert.AreEqual(2, new BicOptions { Budget = MemoryBudget.PerClass, MemorySize = 20 }.ValidationImages(100));
    }

    [TestMethod]
    public void Training_and_validation_images_share_the_memory_and_old_tasks_stay_known()
    {
        using var backbone = TinyVit.Create();
        BicOptions options = BicConformanceTests.Options(backbone);
        (options.Epochs, options.LearningRate, options.BackboneLearningRateScale, options.MemorySize, options.BatchSize) = (6, 0.01, 0.1, 24, 8);
        using ContinualTrainer trainer = _mlContext.Continual().BiasCorrection(options);
        trainer.Fit(TinyImages.View(_mlContext, 8, 1, "cat", "dog")).Dispose();
        CollectionAssert.AreEqual(new[] { 5, 5, 3, 3 }, Shares());
        using ContinualTransformer model = trainer.Fit(TinyImages.View(_mlContext, 8, 2, "fox", "elk"));
        CollectionAssert.AreEqual(new[] { 5, 5, 5, 5, 1, 1, 1, 1 }, Shares());
        double[] correction = [.. trainer.State!.Method.Get("correction", 4).data<double>()];
        CollectionAssert.AreEqual(new[] { 2.0, 4.0 }, correction[2..]);
        Assert.AreNotEqual(1, correction[0]);
        IDataView pets = TinyImages.View(_mlContext, 5, 3, "cat", "dog");
        Assert.IsGreaterThan(0.6, States.Scores(model, pets).Select((scores, row) => Array.IndexOf(scores, scores.Max()) == row % 2 ? 1.0 : 0).Average());

        int[] Shares() => [.. new[] { "memory.", "validation." }.SelectMany(prefix => ExemplarTensors.Load(trainer.State!.Method, prefix).GroupBy(e => e.Label).OrderBy(g => g.Key).Select(g => g.Count()))];
    }

    [TestMethod]
    public void A_memory_too_small_for_validation_leaves_the_logits_as_they_are()
    {
        using var backbone = TinyVit.Create();
        BicOptions options = BicConformanceTests.Options(backbone);
        (options.MemorySize, options.ValidationShare) = (8, 0.1);
        using ContinualTrainer trainer = _mlContext.Continual().BiasCorrection(options);
        trainer.Fit(TinyImages.View(_mlContext, 4, 1, "cat", "dog")).Dispose();
        trainer.Fit(TinyImages.View(_mlContext, 4, 2, "fox", "elk")).Dispose();
        CollectionAssert.AreEqual(new[] { 1.0, 0, 0, 0 }, trainer.State!.Method.Get("correction", 4).data<double>().ToArray());
    }
}
