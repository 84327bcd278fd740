using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Training;

[TestClass]
public sealed class OptimizersTests
{
    [TestMethod]
    public void The_rate_is_scaled_by_the_batch_unless_told_otherwise()
    {
        Assert.AreEqual(0.03 * 16 / 256, Optimizers.BaseRate(new ColourOptions { LearningRate = 0.03, BatchSize = 16, ScaleLearningRateByBatch = true }), 1e-15);
        Assert.AreEqual(0.03, Optimizers.BaseRate(new ColourOptions { LearningRate = 0.03, BatchSize = 16 }), 1e-15);
    }

    [TestMethod]
    public void The_first_task_may_have_a_rate_and_a_decay_of_its_own()
    {
        var options = new ColourOptions { LearningRate = 0.01, FirstTaskLearningRate = 0.5, WeightDecay = 0, FirstTaskWeightDecay = 2, Optimizer = OptimizerKind.Sgd, Schedule = LearningRateSchedule.Cosine, Epochs = 2 };
        CollectionAssert.AreEqual(new[] { 0.01, 0.5, 0.25 }, new[] { Optimizers.RateOf(options, 0), Optimizers.RateOf(options, 0, firstTask: true), Math.Round(Optimizers.RateOf(options, 1, firstTask: true), 12) });
        foreach ((bool first, double expected) in new[] { (true, 2 - (0.5 * (3 + (2 * 2)))), (false, 2 - (0.01 * 3)) })
        {
            using var scope = NewDisposeScope();
            var parameter = new Parameter(full(1, 2f), true);
            using optim.Optimizer optimizer = Optimizers.Create(options, [parameter], first);
            (parameter * 3).sum().backward();
            optimizer.step();
            Assert.AreEqual(expected, parameter.data<float>().ToArray()[0], 1e-5);
        }
    }

    [TestMethod]
    public void The_cosine_starts_at_the_full_rate_and_never_reaches_zero()
    {
        var options = new ColourOptions { LearningRate = 1, Epochs = 4, Schedule = LearningRateSchedule.Cosine };
        double[] rates = [.. Enumerable.Range(0, 4).Select(e => Optimizers.RateOf(options, e))];
        double[] expected = [1, (1 + Math.Sqrt(0.5)) / 2, 0.5, (1 - Math.Sqrt(0.5)) / 2];
        for (int e = 0; e < 4; e++) Assert.AreEqual(expected[e], rates[e], 1e-12);
    }

    [TestMethod]
    [DataRow(20, 1, 9.96652e-4)]
    [DataRow(20, 10, 6.83341e-4)]
    [DataRow(20, 19, 1.5707e-5)]
    [DataRow(50, 1, 9.99496e-4)]
    [DataRow(50, 25, 7.01417e-4)]
    [DataRow(50, 49, 1.5707e-5)]
    [DataRow(50, 60, 1.5707e-5)]   // a method's further epochs
    [DataRow(1, 0, 1e-3)]
    [DataRow(20, 0, 1e-3)]
    public void The_quarter_of_a_cosine_is_the_released_codes(int epochs, int epoch, double expected) =>
        Assert.AreEqual(expected, Optimizers.RateOf(new ColourOptions { LearningRate = 1e-3, Epochs = epochs, Schedule = LearningRateSchedule.QuarterCosine }, epoch), 1e-9);

    [TestMethod]
    [DataRow(OptimizerKind.Adam, -0.1)]                     // Adam's first step is the rate, whatever the gradient's size
    [DataRow(OptimizerKind.AdamW, -0.1 - 0.1 * 0.1 * 2)]    // and the decay beside it
    [DataRow(OptimizerKind.Sgd, -0.1 * (3 + 0.1 * 2))]
    public void One_step_moves_as_the_papers_optimiser_does(OptimizerKind kind, double expected)
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(full(1, 2f), true);
        using optim.Optimizer optimizer = Optimizers.Create(new ColourOptions { Optimizer = kind, LearningRate = 0.1, WeightDecay = 0.1 }, [parameter]);
        (parameter * 3).sum().backward();
        optimizer.step();
        Assert.AreEqual(2 + expected, parameter.data<float>().ToArray()[0], 1e-5);
    }

    [TestMethod]
    public void A_new_rate_is_the_one_used()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(full(1, 2f), true);
        using optim.Optimizer optimizer = Optimizers.Create(new ColourOptions { Optimizer = OptimizerKind.Sgd, LearningRate = 0.1 }, [parameter]);
        Optimizers.SetRate(optimizer, 0.01);
        (parameter * 3).sum().backward();
        optimizer.step();
        Assert.AreEqual(2 - 0.03, parameter.data<float>().ToArray()[0], 1e-6);
    }

    [TestMethod]
    public void A_late_cosine_gives_the_first_two_epochs_the_full_rate_and_ends_above_the_minimum()
    {
        // LoRAC-IPC's vector: 10 epochs from 0.0015 to 1e-5.
        var options = new ColourOptions { LearningRate = 0.0015, MinimumLearningRate = 1e-5, Epochs = 10, Schedule = LearningRateSchedule.DelayedCosine };
        double[] rates = [.. Enumerable.Range(0, 10).Select(e => Optimizers.RateOf(options, e))];
        Assert.AreEqual((0.0015, 0.0015), (rates[0], rates[1]));
        Assert.AreEqual(0.00146354, rates[2], 1e-8);
        Assert.AreEqual(0.000755, rates[6], 1e-12);
        options.Schedule = LearningRateSchedule.Cosine;
        Assert.AreEqual(rates[6], Optimizers.RateOf(options, 5));
        Assert.AreEqual(1e-5, Optimizers.RateOf(options, 10), 1e-15);
        Assert.IsGreaterThan(1e-5, Optimizers.RateOf(options, 11), "it rises again");
    }

    [TestMethod]
    [DataRow(OptimizerKind.Adam)]
    [DataRow(OptimizerKind.Sgd)]
    public void A_parameters_scale_multiplies_its_rate(OptimizerKind kind)
    {
        using var scope = NewDisposeScope();
        Parameter[] values = [new(full(1, 2f), true), new(full(1, 2f), true), new(full(1, 2f), true)];
        using var optimizer = new TaskOptimizer(new ColourOptions { Optimizer = kind, LearningRate = 0.1 },
            [new("a", values[0]), new("b", values[1]) { LearningRateScale = 0.5 }, new("unused", values[2])], firstTask: false);
        optimizer.SetEpoch(0);
        optimizer.ZeroGradients();
        (values[0] + values[1]).sum().backward();
        optimizer.Step();
        float[] moved = [.. values.Select(v => 2 - v.item<float>())];
        Assert.AreEqual(0.1, moved[0], 1e-5);
        Assert.AreEqual(0.05, moved[1], 1e-5);
        Assert.AreEqual(0, moved[2], 0, "without a gradient nothing moves");
    }
}
