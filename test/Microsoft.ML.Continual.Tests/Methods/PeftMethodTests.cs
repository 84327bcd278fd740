using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

[TestClass]
public sealed class PeftMethodTests
{
    private static PeftOptions[] All =>
    [
        new AdapterOptions(), new LoraOptions(), new LoraOptions { Targets = LoraTargets.Query | LoraTargets.Key | LoraTargets.Value | LoraTargets.Out | LoraTargets.Fc1 | LoraTargets.Fc2 },
        new PrefixOptions(), new PrefixOptions { Compensation = PrefixCompensation.None }, new AttentionPromptOptions(),
    ];

    [TestMethod]
    [DataRow(Recipe.SplitCifar100, 5, 0.0028125, 3, 1, 0.5)]
    [DataRow(Recipe.SplitImageNetR, 50, 0.00046875, 30, 17, 1.0)]
    public void Recipes_are_the_released_codes(Recipe recipe, int epochs, double rate, int frozen, int plasticity, double loraOffset)
    {
        AdapterOptions adapter = new AdapterOptions(recipe).UseReleasedCode();
        Assert.AreEqual((epochs, 24, frozen, plasticity, 1.0), (adapter.Epochs, adapter.BatchSize, adapter.FrozenEpochs, adapter.PlasticityEpochs, adapter.MergeOffset));
        Assert.AreEqual(rate, adapter.LearningRate * adapter.BatchSize / 256, 1e-12);
        Assert.AreEqual(loraOffset, new LoraOptions(recipe).UseReleasedCode().MergeOffset);
        Assert.AreEqual(plasticity, new PrefixOptions(recipe).UseReleasedCode().PlasticityEpochs);
        Assert.IsFalse(new AttentionPromptOptions(recipe).UseReleasedCode().LearnableScale);
        Assert.AreEqual("recipe", Assert.ThrowsExactly<ArgumentException>(() => new LoraOptions(Recipe.SplitCub200)).ParamName);
    }

    [TestMethod]
    [DataRow(1, 1.0, 3.0)]
    [DataRow(1, 0.5, 3.3333333)]
    [DataRow(3, 1.0, 2.5)]
    public void The_merge_weighs_the_phases_by_the_number_of_tasks(int task, double offset, double expected)
    {
        double share = new AdapterOptions { MergeOffset = offset }.MergeShare(task);
        Assert.AreEqual(expected, 2 * (1 - share) + 4 * share, 1e-6);
    }

    [TestMethod]
    public void The_classifier_may_have_a_rate_of_its_own()
    {
        using VisionTransformer backbone = RandomTransformer.Create();
        using ContinualMethod method = new LoraOptions { Backbone = backbone, HeadLearningRateScale = 10 }.CreateMethod(new SeededRandom(1));
        method.BeginTask(new MethodTask(0, [0, 1], 2, 4, new SeededRandom(2)));
        foreach (TrainableParameter parameter in method.Parameters)
            Assert.AreEqual(parameter.Name.StartsWith("head.", StringComparison.Ordinal) ? 10 : 1, parameter.LearningRateScale, parameter.Name);
    }

    [TestMethod]
    public void Options_out_of_range_are_named()
    {
        using VisionTransformer backbone = RandomTransformer.Create();
        (string Option, PeftOptions Options)[] wrong =
        [
            ("Backbone", new AdapterOptions()), ("Rank", new AdapterOptions { Rank = 0 }), ("Rank", new LoraOptions { Rank = -1 }), ("Length", new PrefixOptions { Length = 0 }),
            ("Length", new AttentionPromptOptions { Length = 0 }), ("Blocks", new AdapterOptions { Blocks = [] }), ("Blocks", new AdapterOptions { Blocks = [0, 0] }),
            ("Blocks", new AdapterOptions { Blocks = [99] }), ("FrozenEpochs", new AdapterOptions { FrozenEpochs = 5 }), ("PlasticityEpochs", new AdapterOptions { PlasticityEpochs = -1 }),
            ("MergeOffset", new AdapterOptions { MergeOffset = 0 }), ("ClassMask", new AdapterOptions { ClassMask = (ClassMask)9 }), ("Targets", new LoraOptions { Targets = 0 }),
            ("Targets", new LoraOptions { Targets = LoraTargets.Qkv | LoraTargets.Key }), ("Targets", new LoraOptions { Targets = (LoraTargets)1024 }),
            ("HeadLearningRateScale", new LoraOptions { HeadLearningRateScale = 0 }), ("Compensation", new PrefixOptions { Compensation = (PrefixCompensation)7 }),
        ];
        foreach ((string option, PeftOptions options) in wrong)
        {
            if (option != "Backbone") options.Backbone = backbone;
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => options.CreateMethod(new SeededRandom(1)), option).Message, option);
        }
    }

    [TestMethod]
    public void Adapters_and_low_rank_updates_change_nothing_at_first()
    {
        foreach (PeftOptions options in All.Take(3))
        {
            using DisposeScope scope = NewDisposeScope();
            using var bench = new MethodBench(options);
            bench.BeginTask(0, [0, 1], 2);
            Tensor images = RandomTransformer.Images(2), plain = nn.functional.linear(bench.Backbone.ClassFeature(images), bench.Parameter("head.weight"), bench.Parameter("head.bias"));
            using IScorer scorer = bench.Method.CreateScorer();
            Assert.IsTrue(scorer.Score(images).allclose(plain, 1e-5, 1e-6), bench.Method.Name);
        }
    }

    [TestMethod]
    public void A_scorer_scores_what_training_computes()
    {
        foreach (PeftOptions options in All)
        {
            using DisposeScope scope = NewDisposeScope();
            options.LearnableScale = true;
            using var bench = new MethodBench(options);
            bench.BeginTask(0, [0, 1], 2);
            ImageBatch batch = bench.Batch([0, 1, 1, 0]);
            double first = bench.Method.ComputeLoss(batch).Total.item<float>();
            for (int i = 0; i < 5; i++) bench.Step(batch);
            LossTerms terms = bench.Method.ComputeLoss(batch);
            Assert.IsLessThan(first, terms.Total.item<float>(), bench.Method.Name);
            using IScorer scorer = bench.Method.CreateScorer();
            Assert.IsTrue(scorer.Score(batch.Images).allclose(terms.Logits, 1e-4, 1e-5), bench.Method.Name);
        }
    }

    [TestMethod]
    public void Frozen_epochs_leave_what_is_tuned_without_a_gradient()
    {
        using DisposeScope scope = NewDisposeScope();
        using var bench = new MethodBench(new LoraOptions { Epochs = 2, FrozenEpochs = 1 });
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        bench.Method.EndTask();
        bench.BeginTask(1, [2, 3], 4);
        bench.Method.BeginEpoch(0);
        bench.Method.ComputeLoss(bench.Batch([2, 3])).Total.backward();
        Assert.IsTrue(bench.Method.Parameters.All(p => p.Value.grad is null == p.Name.StartsWith("pets.", StringComparison.Ordinal)));
        bench.Method.BeginEpoch(1);
        bench.Method.ComputeLoss(bench.Batch([2, 3])).Total.backward();
        Assert.IsTrue(bench.Method.Parameters.All(p => p.Value.grad is not null));
    }

    [TestMethod]
    public void Prefix_values_can_be_trained_in_the_first_task_only()
    {
        using DisposeScope scope = NewDisposeScope();
        using var bench = new MethodBench(new PrefixOptions { FreezeValues = true });
        bench.BeginTask(0, [0, 1], 2);
        float[] start = MethodBench.Values(bench.Parameter("pets.0.val.tokens"));
        bench.Step(bench.Batch([0, 1]));
        float[] values = MethodBench.Values(bench.Parameter("pets.0.val.tokens")), keys = MethodBench.Values(bench.Parameter("pets.0.key.tokens"));
        CollectionAssert.AreNotEqual(start, values);
        bench.Method.EndTask();
        bench.BeginTask(1, [2, 3], 4);
        bench.Step(bench.Batch([2, 3]));
        CollectionAssert.AreEqual(values, MethodBench.Values(bench.Parameter("pets.0.val.tokens")));
        CollectionAssert.AreNotEqual(keys, MethodBench.Values(bench.Parameter("pets.0.key.tokens")));
    }

    [TestMethod]
    public void Progress_in_the_second_phase_goes_on_bit_for_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        AdapterOptions Options() => new() { Epochs = 1, PlasticityEpochs = 1 };
        using var straight = new MethodBench(Options());
        straight.BeginTask(0, [0, 1], 2);
        straight.Step(straight.Batch([0, 1]));
        straight.Method.EndTask();
        using var before = new StateDictionary();
        straight.Method.SaveState(before);
        straight.BeginTask(1, [2, 3], 4);
        straight.Method.BeginEpoch(0);
        straight.Step(straight.Batch([2, 3]));
        straight.Method.BeginEpoch(1);
        straight.Step(straight.Batch([3, 2]));
        using var progress = new StateDictionary();
        straight.Method.SaveProgress(progress);

        using var resumed = new MethodBench(Options());
        resumed.Method.LoadState(before);
        resumed.BeginTask(1, [2, 3], 4);
        using (no_grad())
            foreach (TrainableParameter p in straight.Method.Parameters) resumed.Parameter(p.Name).copy_(p.Value);
        resumed.Method.LoadProgress(progress);
        foreach (MethodBench bench in new[] { straight, resumed })
        {
            bench.Step(bench.Batch([3, 2], seed: 12));
            bench.Method.FinishTraining();
            bench.Method.EndTask();
        }
        foreach (TrainableParameter p in straight.Method.Parameters)
            CollectionAssert.AreEqual(MethodBench.Values(p.Value), MethodBench.Values(resumed.Parameter(p.Name)), p.Name);
    }

    [TestMethod]
    public void A_state_of_other_blocks_is_refused()
    {
        using var one = new MethodBench(new AdapterOptions { Blocks = [0, 1] });
        using var other = new MethodBench(new AdapterOptions { Blocks = [0] });
        using var more = new StateDictionary();
        one.Method.SaveState(more);
        Assert.ThrowsExactly<InvalidDataException>(() => other.Method.LoadState(more));
        using var fewer = new StateDictionary();
        other.Method.SaveState(fewer);
        Assert.ThrowsExactly<InvalidDataException>(() => one.Method.LoadState(fewer));
    }
}
