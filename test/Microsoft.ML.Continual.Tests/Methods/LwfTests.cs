using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>Learning without Forgetting: vectors of the specification and what the method promises.</summary>
[TestClass]
public sealed class LwfTests
{
    private static Tensor Row(params float[] values) => tensor((IList<float>)values, new long[] { 1, values.Length });

    [TestMethod]
    public void The_distillation_and_its_gradient_are_the_hand_computed_ones()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor student = Row(1, 0.5f, 1.5f).requires_grad_(), loss = Distillation.Loss(Row(2, 0), student, 2);
        Assert.AreEqual(0.64317478, loss.item<float>(), 1e-6);
        loss.backward();
        float[] gradient = MethodBench.Values(student.grad!);
        Assert.AreEqual(-0.08444104, gradient[0], 1e-6);
        Assert.AreEqual(0.08444104, gradient[1], 1e-6);
        Assert.AreEqual(0, gradient[2], "new classes take no part");
        Assert.AreEqual(0.64317478, Distillation.Loss(Row(2, 0) + 7, Row(1, 0.5f, 1.5f) - 3, 2).item<float>(), 1e-6, "a constant added to all logits changes nothing");
        // At equal outputs it is the teacher's entropy, the least it can be.
        Assert.AreEqual(0.64317478 - 0.06097167, Distillation.Loss(Row(2, 0), Row(2, 0, 5), 2).item<float>(), 1e-6);
    }

    [TestMethod]
    public void Groups_have_a_softmax_each()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor teacher = Row(2, 0, 1, 3), student = Row(1, 0.5f, 0, 2, 9);
        double expected = Distillation.Loss(Row(2, 0), Row(1, 0.5f), 2).item<float>() + Distillation.Loss(Row(1, 3), Row(0, 2), 2).item<float>();
        Assert.AreEqual(expected, Distillation.Loss(teacher, student, 2, [[0, 1], [2, 3]]).item<float>(), 1e-6);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(0)]
    public void At_the_first_step_of_a_task_distillation_pulls_nowhere_and_then_holds_old_outputs(int? blocks)
    {
        using DisposeScope scope = NewDisposeScope();
        double Drift(double weight)
        {
            using var bench = new MethodBench(new LwfOptions { TrainableBlocks = blocks, DistillationWeight = weight, ClassMask = ClassMask.SeenClasses });
            bench.BeginTask(0, [0, 1], 2);
            bench.Step(bench.Batch([0, 1, 0, 1]));
            bench.Method.EndTask();
            Tensor images = bench.Batch([2, 3]).Images;
            using IScorer before = bench.Method.CreateScorer();
            bench.BeginTask(1, [2, 3], 4);
            for (int i = 0; i < 10; i++) bench.Step(bench.Batch([2, 3]), 0.02);
            using IScorer after = bench.Method.CreateScorer();
            return (before.Score(images).softmax(1) - after.Score(images).narrow(1, 0, 2).softmax(1)).abs().max().item<float>();
        }

        double free = Drift(0), held = Drift(20);
        Assert.IsLessThan(free / 2, held);
    }

    [TestMethod]
    public void The_temperatures_square_is_an_option()
    {
        using DisposeScope scope = NewDisposeScope();
        float Distilled(bool squared)
        {
            using var bench = new MethodBench(new LwfOptions { ScaleBySquaredTemperature = squared });
            bench.BeginTask(0, [0, 1], 2);
            bench.BeginTask(1, [2, 3], 4);
            LossTerms terms = bench.Method.ComputeLoss(bench.Batch([2, 3]));
            return terms.Total.item<float>() - terms.CrossEntropy.item<float>();
        }

        Assert.AreEqual(4 * Distilled(false), Distilled(true), 1e-5);
    }
}
