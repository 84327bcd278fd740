using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Methods.Rehearsal;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>Dark Experience Replay++: vectors of the specification and what the method promises.</summary>
[TestClass]
public sealed class DerTests
{
    private readonly MLContext _mlContext = new(1);

    private static Tensor Row(params float[] values) => tensor((IList<float>)values, new long[] { 1, values.Length });

    private static Exemplar Image(int label, byte value = 0) => new(new HostImage(1, 1, [value, value, value], null, 0), label, 0);

    [TestMethod]
    public void The_reservoir_keeps_the_hand_computed_items()
    {
        var draws = new Queue<int>([1, 4, 0, 2, 5]);
        char[] kept = new char[3];
        int count = 0;
        for (int i = 0; i < 8; i++)
        {
            int slot = ReplaySlots.Reservoir(i, count, 3, bound =>
            {
                Assert.AreEqual(i + 1, bound);
                return draws.Dequeue();
            });
            if (slot == count) count++;
            if (slot >= 0) kept[slot] = (char)('a' + i);
        }
        Assert.AreEqual("fdg", new string(kept));
    }

    [TestMethod]
    public void The_reservoir_keeps_every_item_with_the_same_probability()
    {
        int[] kept = new int[20];
        var random = new SeededRandom(3);
        for (int run = 0; run < 2000; run++)
        {
            var slots = new ReplaySlots(5, ReplayPolicy.Reservoir);
            for (int i = 0; i < 20; i++) slots.Offer(0, 1, random);
            Assert.AreEqual((5, 20L), (slots.Count, slots.Offered));
            foreach (long age in slots.Ages) kept[age]++;
        }
        foreach (int times in kept) Assert.AreEqual(0.25, times / 2000.0, 0.05);
    }

    [TestMethod]
    public void A_ring_keeps_the_latest_of_each_class_in_equal_shares()
    {
        var slots = new ReplaySlots(6, ReplayPolicy.Ring);
        var random = new SeededRandom(1);
        for (int i = 0; i < 9; i++) slots.Offer(0, 1, random);
        CollectionAssert.AreEquivalent(new long[] { 3, 4, 5, 6, 7, 8 }, slots.Ages.ToArray());
        for (int i = 9; i < 20; i++) slots.Offer(1, 2, random);
        CollectionAssert.AreEquivalent(new long[] { 6, 7, 8, 17, 18, 19 }, slots.Ages.ToArray());
    }

    [TestMethod]
    public void The_terms_are_the_hand_computed_ones()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor then = Row(0, 1.5f, -0.5f), now = Row(0.5f, 1, -1);
        Assert.AreEqual(0.25, ReplayMemory.MeanSquare(now, then, ReplayMemory.Weights([3], 3, StoredLogits.Truncate, CPU)).item<float>(), 1e-6);
        Tensor narrow = Row(0, 1.5f, 0);
        Assert.AreEqual(0.25, ReplayMemory.MeanSquare(now, narrow, ReplayMemory.Weights([2], 3, StoredLogits.Truncate, CPU)).item<float>(), 1e-6);
        Assert.AreEqual(0.5, ReplayMemory.MeanSquare(now, narrow, ReplayMemory.Weights([2], 3, StoredLogits.ZeroPad, CPU)).item<float>(), 1e-6);
        double label = nn.functional.cross_entropy(Row(0.2f, 0.1f, 0.9f), tensor((IList<long>)[2L], new long[] { 1 })).item<float>();
        double own = nn.functional.cross_entropy(Row(1, 2, 0), tensor((IList<long>)[1L], new long[] { 1 })).item<float>();
        Assert.AreEqual(0.81547193, own + 0.3 * 0.25 + 0.5 * label, 1e-6);
    }

    [TestMethod]
    public void A_memory_recalls_logits_with_the_width_they_had_and_comes_back_bit_for_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        using ReplayMemory memory = new(3, ReplayPolicy.Reservoir, CPU), again = new(3, ReplayPolicy.Reservoir, CPU);
        var random = new SeededRandom(2);
        memory.Grow(2);
        memory.Offer([Image(0, 7), Image(1, 8)], tensor((IList<float>)[1, 2, 3, 4], new long[] { 2, 2 }), random);
        memory.Grow(3);
        memory.Offer([Image(2, 9)], Row(5, 6, 7), random);
        Check(memory);
        using var state = new StateDictionary();
        memory.SaveState(state, "m.");
        again.CheckState(state, "m.", 3);
        again.LoadState(state, "m.");
        Check(again);
        Assert.AreEqual(3L, again.Offered);

        static void Check(ReplayMemory memory)
        {
            (Tensor logits, Tensor weights) = memory.Recall([2, 0], StoredLogits.Truncate);
            CollectionAssert.AreEqual(new[] { 5f, 6, 7, 1, 2, 0 }, MethodBench.Values(logits));
            CollectionAssert.AreEqual(new[] { 1 / 3f, 1 / 3f, 1 / 3f, 0.5f, 0.5f, 0 }, MethodBench.Values(weights));
            CollectionAssert.AreEqual(new byte[] { 7, 8, 9 }, memory.Images.Select(e => e.Image.Bytes![0]).ToArray());
        }
    }

    [TestMethod]
    public void Without_weights_it_is_fine_tuning_among_all_classes_bit_for_bit()
    {
        using var backbone = TinyVit.Create();
        float[] Learn(ContinualTrainer trainer)
        {
            using (trainer)
            {
                trainer.Fit(TinyImages.View(_mlContext, 4, 1, "cat", "dog")).Dispose();
                trainer.Fit(TinyImages.View(_mlContext, 4, 2, "fox", "elk")).Dispose();
                return MethodBench.Values(trainer.State!.Method.Get("network.cls_token", null));
            }
        }

        DerOptions options = DerConformanceTests.Options(backbone);
        (options.LogitWeight, options.LabelWeight) = (0, 0);
        CollectionAssert.AreEqual(Learn(_mlContext.Continual().FineTuning(FineTuningConformanceTests.Options<FineTuningOptions>(backbone))), Learn(_mlContext.Continual().DarkExperienceReplay(options)));
    }

    [TestMethod]
    public void Old_tasks_stay_known()
    {
        using var backbone = TinyVit.Create();
        DerOptions options = DerConformanceTests.Options(backbone);
        (options.Epochs, options.LearningRate, options.BackboneLearningRateScale, options.MemorySize, options.BatchSize) = (15, 0.01, 0.1, 24, 4);
        using ContinualTrainer trainer = _mlContext.Continual().DarkExperienceReplay(options);
        trainer.Fit(TinyImages.View(_mlContext, 8, 1, "cat", "dog")).Dispose();
        using ContinualTransformer model = trainer.Fit(TinyImages.View(_mlContext, 8, 2, "fox", "elk"));
        IDataView pets = TinyImages.View(_mlContext, 5, 3, "cat", "dog");
        Assert.IsGreaterThan(0.6, States.Scores(model, pets).Select((scores, row) => Array.IndexOf(scores, scores.Max()) == row % 2 ? 1.0 : 0).Average());
    }

    [TestMethod]
    public void Streaming_without_a_cache_is_refused()
    {
        using var backbone = TinyVit.Create();
        StringAssert.Contains(Assert.Throws<ArgumentException>(() => new DerOptions { Backbone = backbone, CacheImages = false }.Validate()).Message, "CacheImages");
    }

    [TestMethod]
    public void A_task_in_progress_goes_on_in_another_method_bit_for_bit()
    {
        using var backbone = TinyVit.Create();
        DerOptions options = DerConformanceTests.Options(backbone);
        options.Backbone = backbone;
        var registry = new ClassRegistry();
        TaskImages images = TaskImages.Load(TinyImages.View(_mlContext, 6, 1, "cat", "dog"), options, registry, default);
        using DisposeScope scope = NewDisposeScope();
        ImageBatch[] batches = [.. images.Epoch(new SeededRandom(8), backbone, default).Select(batch => batch with { Images = batch.Images.clone(), Labels = batch.Labels.clone() })];
        using ContinualMethod straight = options.CreateMethod(new SeededRandom(1)), resumed = options.CreateMethod(new SeededRandom(1));
        foreach (ContinualMethod method in new[] { straight, resumed }) method.BeginTask(new MethodTask(0, [0, 1], 2, images.Count, new SeededRandom(3)) { Images = images });
        straight.BeginEpoch(0);
        straight.ComputeLoss(batches[0]);
        straight.ComputeLoss(batches[1]);
        using var progress = new StateDictionary();
        straight.SaveProgress(progress);
        resumed.LoadProgress(progress);
        Assert.AreEqual(straight.ComputeLoss(batches[2]).Total.item<float>(), resumed.ComputeLoss(batches[2]).Total.item<float>());
        Assert.AreEqual(12L, ((DerMethod)resumed).Memory.Offered);
        using StateDictionary one = new(), other = new();
        straight.SaveState(one);
        resumed.SaveState(other);
        foreach ((string name, Tensor value) in one.Tensors) Assert.IsTrue(value.equal(other.Tensors[name]).all().item<bool>(), name);
    }
}
