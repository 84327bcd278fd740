using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>What training the network itself promises.</summary>
[TestClass]
public sealed class FineTuningMethodTests
{
    private readonly MLContext _mlContext = new(1);

    [TestMethod]
    public void All_weights_move_in_the_method_and_none_in_the_backbone()
    {
        using var bench = new MethodBench(new FineTuningOptions());
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, float[]> before = bench.Backbone.Weights.ToDictionary(entry => entry.Key, entry => MethodBench.Values(entry.Value));
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1, 0, 1]));
        foreach ((string name, float[] values) in before)
        {
            CollectionAssert.AreEqual(values, MethodBench.Values(bench.Backbone.Weights[name]), name);
            CollectionAssert.AreNotEqual(values, MethodBench.Values(bench.Parameter("network." + name)), name);
        }
    }

    [TestMethod]
    public void Before_training_the_features_are_the_backbones()
    {
        using var bench = new MethodBench(new FineTuningOptions());
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0, 1, 2], 3);
        Tensor images = bench.Batch([0, 1]).Images;
        using IScorer scorer = bench.Method.CreateScorer();
        Tensor expected = nn.functional.linear(bench.Backbone.ClassFeature(images), bench.Parameter("head.weight"), bench.Parameter("head.bias"));
        CollectionAssert.AreEqual(MethodBench.Values(expected), MethodBench.Values(scorer.Score(images)));
    }

    [TestMethod]
    public void A_backbone_of_bfloat16_is_trained_in_float32()
    {
        using var bench = new MethodBench(new FineTuningOptions { TrainableBlocks = 1 }, ScalarType.BFloat16);
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0, 1], 2);
        Assert.IsTrue(bench.Method.Parameters.All(p => p.Value.dtype == ScalarType.Float32));
        LossTerms before = bench.Method.ComputeLoss(bench.Batch([0, 1, 0, 1]));
        for (int i = 0; i < 5; i++) bench.Step(bench.Batch([0, 1, 0, 1]));
        Assert.IsLessThan(before.Total.item<float>(), bench.Method.ComputeLoss(bench.Batch([0, 1, 0, 1])).Total.item<float>());
        using IScorer scorer = bench.Method.CreateScorer();
        bench.Method.Dispose();
        Assert.AreEqual(ScalarType.Float32, scorer.Score(bench.Batch([0]).Images).dtype);
    }

    [TestMethod]
    public void The_number_of_blocks_says_what_trains()
    {
        string[] Names(int? blocks)
        {
            using var bench = new MethodBench(new FineTuningOptions { TrainableBlocks = blocks });
            return [.. bench.Method.Parameters.Select(p => p.Name).Where(name => name.StartsWith("network.", StringComparison.Ordinal))];
        }

        using var depth = new MethodBench(new FineTuningOptions());
        int last = depth.Backbone.Config.Depth - 1;
        CollectionAssert.AreEquivalent(depth.Backbone.Config.TensorShapes().Keys.Select(name => "network." + name).ToArray(), Names(null));
        Assert.IsEmpty(Names(0));
        string[] one = Names(1);
        Assert.HasCount(12 + 2, one);
        Assert.IsTrue(one.All(name => name.StartsWith($"network.blocks.{last}.", StringComparison.Ordinal) || name.StartsWith("network.norm.", StringComparison.Ordinal)));
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => Names(last + 2)).Message, "TrainableBlocks");
    }

    [TestMethod]
    public void The_mask_keeps_the_rows_of_old_classes_and_a_single_class_meets_all_others()
    {
        using var bench = new MethodBench(new FineTuningOptions { ClassMask = ClassMask.CurrentTask });
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        bench.Method.EndTask();
        bench.BeginTask(1, [2, 3], 4);
        float[] old = MethodBench.Values(bench.Parameter("head.weight"))[..(2 * bench.Backbone.Width)];
        bench.Step(bench.Batch([2, 3]));
        CollectionAssert.AreEqual(old, MethodBench.Values(bench.Parameter("head.weight"))[..old.Length]);
        bench.Method.EndTask();
        bench.BeginTask(2, [4], 5);
        bench.Step(bench.Batch([4, 4]));
        CollectionAssert.AreNotEqual(old, MethodBench.Values(bench.Parameter("head.weight"))[..old.Length]);
    }

    [TestMethod]
    public void The_backbones_rate_is_scaled_and_the_classifiers_is_not()
    {
        using var bench = new MethodBench(new FineTuningOptions { BackboneLearningRateScale = 0.01 });
        foreach (TrainableParameter parameter in bench.Method.Parameters)
            Assert.AreEqual(parameter.Name.StartsWith("head.", StringComparison.Ordinal) ? 1 : 0.01, parameter.LearningRateScale, parameter.Name);
        Assert.Throws<ArgumentException>(() => new FineTuningOptions { Backbone = bench.Backbone, BackboneLearningRateScale = 0 }.Validate());
    }

    [TestMethod]
    public void Fine_tuning_among_all_classes_forgets_the_first_task()
    {
        using var backbone = TinyVit.Create();
        FineTuningOptions options = FineTuningConformanceTests.Options<FineTuningOptions>(backbone);
        (options.Epochs, options.LearningRate) = (10, 0.01);
        using ContinualTrainer trainer = _mlContext.Continual().FineTuning(options);
        IDataView pets = TinyImages.View(_mlContext, 5, 3, "cat", "dog");
        using ContinualTransformer first = trainer.Fit(TinyImages.View(_mlContext, 8, 1, "cat", "dog"));
        Assert.IsGreaterThan(0.9, Accuracy(first));
        using ContinualTransformer second = trainer.Fit(TinyImages.View(_mlContext, 8, 2, "fox", "elk"));
        Assert.IsLessThan(0.2, Accuracy(second));

        double Accuracy(ContinualTransformer model) => States.Scores(model, pets).Select((scores, row) => Array.IndexOf(scores, scores.Max()) == row % 2 ? 1.0 : 0).Average();
    }
}
