using System.Globalization;
using System.Reflection;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>What L2P and the plain visual prompt have in common.</summary>
[TestClass]
public sealed class PromptMethodTests
{
    private DisposeScope _scope = null!;

    public static IEnumerable<object[]> Methods => [["L2P"], ["VisualPrompt"]];

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    [TestMethod, DynamicData(nameof(Methods))]
    public void New_classes_add_rows_and_leave_the_old_rows_bit_for_bit(string name)
    {
        using var bench = new MethodBench(Options(name));
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1, 0]));
        bench.Method.EndTask();
        float[] weight = MethodBench.Values(bench.Parameter("head.weight")), bias = MethodBench.Values(bench.Parameter("head.bias"));
        bench.BeginTask(1, [2, 3, 4], 5);
        float[] grown = MethodBench.Values(bench.Parameter("head.weight")), grownBias = MethodBench.Values(bench.Parameter("head.bias"));
        Assert.AreEqual(5, bench.Method.ClassCount);
        CollectionAssert.AreEqual(weight, grown[..weight.Length]);
        CollectionAssert.AreEqual(bias, grownBias[..2]);
        CollectionAssert.AreEqual(new float[3], grownBias[2..]);
        Assert.IsTrue(grown[weight.Length..].All(w => w != 0 && Math.Abs(w) < 0.2f));
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void With_the_mask_of_the_current_task_other_rows_of_the_classifier_get_no_gradient(string name)
    {
        using var bench = new MethodBench(Options(name, ClassMask.CurrentTask));
        bench.BeginTask(0, [0, 1], 2);
        bench.BeginTask(1, [2, 3], 4);
        LossTerms terms = bench.Method.ComputeLoss(bench.Batch([2, 3, 2]));
        terms.Total.backward();
        float[] logits = MethodBench.Values(terms.Logits), gradient = MethodBench.Values(bench.Parameter("head.weight").grad!);
        Assert.IsTrue(float.IsNegativeInfinity(logits[0]) && float.IsNegativeInfinity(logits[1]) && float.IsFinite(logits[2]));
        Assert.IsTrue(gradient[..32].All(g => g == 0));
        Assert.IsTrue(gradient[32..].Any(g => g != 0));
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void Without_the_mask_all_classes_compete(string name)
    {
        using var bench = new MethodBench(Options(name, ClassMask.SeenClasses));
        bench.BeginTask(0, [0, 1], 2);
        bench.BeginTask(1, [2, 3], 4);
        LossTerms terms = bench.Method.ComputeLoss(bench.Batch([2, 3, 2]));
        terms.Total.backward();
        Assert.IsTrue(MethodBench.Values(terms.Logits).All(float.IsFinite));
        Assert.IsTrue(MethodBench.Values(bench.Parameter("head.weight").grad!)[..32].All(g => g != 0));
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void A_task_with_one_class_trains(string name)
    {
        using var bench = new MethodBench(Options(name));
        bench.BeginTask(0, [0], 1);
        LossTerms terms = bench.Method.ComputeLoss(bench.Batch([0, 0]));
        Assert.AreEqual(0, terms.CrossEntropy.item<float>());
        bench.BeginTask(1, [1], 2);
        bench.Step(bench.Batch([1, 1]));
        Assert.IsTrue(bench.Method.Parameters.All(p => MethodBench.Values(p.Value).All(float.IsFinite)));
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void A_scorer_is_a_snapshot_that_scores_all_classes_seen(string name)
    {
        using var bench = new MethodBench(Options(name));
        bench.BeginTask(0, [0, 1, 2], 3);
        bench.Step(bench.Batch([0, 1, 2]));
        bench.Method.EndTask();
        Tensor images = RandomTransformer.Images(4, seed: 77);
        using IScorer scorer = bench.Method.CreateScorer();
        float[] before = MethodBench.Values(scorer.Score(images));
        bench.BeginTask(1, [3], 4);
        for (int i = 0; i < 3; i++) bench.Step(bench.Batch([3, 3]));
        CollectionAssert.AreEqual(before, MethodBench.Values(scorer.Score(images)));
        Assert.AreEqual(3, scorer.ClassCount);
        using IScorer later = bench.Method.CreateScorer();
        CollectionAssert.AreEqual(new long[] { 4, 4 }, later.Score(images).shape);
        Assert.AreEqual(ScalarType.Float32, later.Score(images).dtype);
        Assert.IsFalse(later.Score(images).requires_grad);
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void An_image_is_scored_the_same_whatever_stands_beside_it(string name)
    {
        using var bench = new MethodBench(Options(name));
        bench.BeginTask(0, [0, 1, 2], 3);
        using IScorer scorer = bench.Method.CreateScorer();
        Tensor images = RandomTransformer.Images(6);
        Tensor together = scorer.Score(images);
        for (int i = 0; i < 6; i++)
            Assert.IsLessThan(2e-5, RandomTransformer.Difference(scorer.Score(images.narrow(0, i, 1)), together.narrow(0, i, 1)));
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void A_restored_method_goes_on_bit_for_bit(string name)
    {
        using var bench = new MethodBench(Options(name));
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        bench.Method.EndTask();
        using var state = new StateDictionary();
        bench.Method.SaveState(state);
        using var other = new MethodBench(Options(name), seed: 1234);
        other.Method.LoadState(state);
        foreach (MethodBench b in new[] { bench, other })
        {
            b.BeginTask(1, [1, 2], 3);
            b.Step(b.Batch([2, 1], seed: 3));
        }
        foreach (TrainableParameter p in bench.Method.Parameters)
            CollectionAssert.AreEqual(MethodBench.Values(p.Value), MethodBench.Values(other.Parameter(p.Name)), p.Name);
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void A_state_of_another_method_or_size_is_refused_and_nothing_changes(string name)
    {
        using var bench = new MethodBench(Options(name));
        bench.BeginTask(0, [0, 1], 2);
        string[] Snapshot() => [.. bench.Method.Parameters.Select(p => p.Name + ": " + string.Join(",", MethodBench.Values(p.Value)))];
        string[] before = Snapshot();
        using (var foreign = new StateDictionary())
        {
            foreign.Values["method"] = "Other";
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => bench.Method.LoadState(foreign)).Message, "Other");
        }
        using var state = new StateDictionary();
        bench.Method.SaveState(state);
        using var smaller = new StateDictionary();
        smaller.Values["method"] = bench.Method.Name;
        foreach ((string key, Tensor value) in state.Tensors) smaller.Add(key, key == "head.weight" ? value.narrow(1, 0, 8) : value * 2);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => bench.Method.LoadState(smaller)).Message, "head.weight");
        CollectionAssert.AreEqual(before, Snapshot());
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void Sites_name_the_prompt_rows_and_collect_what_meets_them(string name)
    {
        using var bench = new MethodBench(Options(name));
        ProjectionSite prompt = bench.Method.Sites.Single(s => s.Name == "prompt");
        Assert.IsTrue(prompt.ProtectsOwnRows);
        Assert.AreEqual(12, prompt.Rows);
        Tensor images = RandomTransformer.Images(2);
        IReadOnlyDictionary<string, Tensor> activations = bench.Method.CollectActivations(images, [.. bench.Method.Sites.Select(s => s.Name)]);
        CollectionAssert.AreEquivalent(bench.Method.Sites.Select(s => s.Name).ToArray(), activations.Keys.ToArray());
        Assert.AreEqual(0, RandomTransformer.Difference(activations["prompt"], bench.Backbone.EmbedPatches(images)), 0);
        foreach (ProjectionSite site in bench.Method.Sites) Assert.AreEqual(site.Dimension, activations[site.Name].shape[2]);
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void Training_outside_a_task_is_refused(string name)
    {
        using var bench = new MethodBench(Options(name));
        ImageBatch batch = bench.Batch([0]);
        Assert.ThrowsExactly<InvalidOperationException>(() => bench.Method.ComputeLoss(batch));
        bench.BeginTask(0, [0], 1);
        bench.Method.EndTask();
        Assert.ThrowsExactly<InvalidOperationException>(() => bench.Method.ComputeLoss(batch));
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void Bfloat16_backbones_train_float32_parameters(string name)
    {
        using var bench = new MethodBench(Options(name), ScalarType.BFloat16);
        bench.BeginTask(0, [0, 1], 2);
        ImageBatch batch = bench.Batch([0, 1, 1, 0]);
        float before = bench.Method.ComputeLoss(batch).CrossEntropy.item<float>();
        for (int i = 0; i < 20; i++) bench.Step(batch);
        Assert.IsTrue(bench.Method.Parameters.All(p => p.Value.dtype == ScalarType.Float32));
        Assert.IsLessThan(before, bench.Method.ComputeLoss(batch).CrossEntropy.item<float>());
    }

    [TestMethod, DynamicData(nameof(Methods))]
    public void Many_steps_tasks_and_scorers_leave_no_tensors_behind(string name)
    {
        using var bench = new MethodBench(Options(name));
        void Round(int task)
        {
            using DisposeScope scope = NewDisposeScope();
            bench.BeginTask(task, [0, 1], 2, imageCount: 4);
            for (int i = 0; i < 3; i++) bench.Step(bench.Batch([0, 1], deterministic: true));
            bench.Method.CollectActivations(RandomTransformer.Images(2), [.. bench.Method.Sites.Select(s => s.Name)]);
            bench.Method.EndTask();
            using (IScorer scorer = bench.Method.CreateScorer()) scorer.Score(RandomTransformer.Images(2));
            using var state = new StateDictionary();
            bench.Method.SaveState(state);
            bench.Method.LoadState(state);
            bench.ZeroGradients();
        }
        Round(0);
        long before = LiveTensors.Count();
        for (int i = 1; i < 6; i++) Round(i);
        Assert.AreEqual(before, LiveTensors.Count());
    }

    [TestMethod]
    public void Options_out_of_range_are_named_with_what_was_expected_and_found()
    {
        using var backbone = RandomTransformer.Create();
        (MethodOptions Options, string Name, string Found)[] wrong =
        [
            (new L2POptions { Backbone = backbone, PoolSize = 0 }, nameof(L2POptions.PoolSize), "0"),
            (new L2POptions { Backbone = backbone, TopK = 11 }, nameof(L2POptions.TopK), "11"),
            (new L2POptions { Backbone = backbone, PromptLength = -1 }, nameof(L2POptions.PromptLength), "-1"),
            (new L2POptions { Backbone = backbone, PullConstraint = double.NaN }, nameof(L2POptions.PullConstraint), "NaN"),
            (new L2POptions { Backbone = backbone, Pooling = (PromptPooling)9 }, nameof(L2POptions.Pooling), "9"),
            (new L2POptions { Backbone = backbone, Query = (L2PQuery)9 }, nameof(L2POptions.Query), "9"),
            (new L2POptions { Backbone = backbone, InitialRange = 0 }, nameof(L2POptions.InitialRange), "0"),
            (new L2POptions(), nameof(MethodOptions.Backbone), "null"),
            (new VisualPromptOptions { Backbone = backbone, PromptLength = 0 }, nameof(VisualPromptOptions.PromptLength), "0"),
            (new VisualPromptOptions { Backbone = backbone, Epochs = 0 }, nameof(MethodOptions.Epochs), "0"),
        ];
        foreach ((MethodOptions options, string name, string found) in wrong)
        {
            string message = Assert.Throws<ArgumentException>(() => options.CreateMethod(new SeededRandom(0)), name).Message;
            StringAssert.Contains(message, name);
            StringAssert.Contains(message, found);
        }
    }

    /// <summary>Options that come later are covered as well: whoever adds one must check it.</summary>
    [TestMethod, DynamicData(nameof(Methods))]
    public void No_option_escapes_the_checks(string name)
    {
        using var backbone = RandomTransformer.Create();
        foreach (PropertyInfo option in Options(name).GetType().GetProperties().Where(p => p.CanWrite && p.PropertyType != typeof(bool) && p.Name != nameof(MethodOptions.Seed)))
        {
            Type type = Nullable.GetUnderlyingType(option.PropertyType) ?? option.PropertyType;
            object? wrong = type == typeof(ClassifierAlignmentOptions) ? new ClassifierAlignmentOptions { Epochs = 0 } : type.IsEnum ? Enum.ToObject(type, 99) : type == typeof(string) ? " " : type.IsValueType ? Convert.ChangeType(-1, type, CultureInfo.InvariantCulture) : null;
            MethodOptions options = Options(name);
            options.Backbone = backbone;
            options.Validate();
            option.SetValue(options, wrong);
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(options.Validate, option.Name).Message, $"Option {option.Name}{(wrong is ClassifierAlignmentOptions ? ".Epochs" : "")}: expected ");
        }
    }

    [TestMethod]
    public void Options_changed_later_do_not_change_the_method()
    {
        var options = new L2POptions { PoolSize = 6, PromptLength = 2, TopK = 2 };
        using var bench = new MethodBench(options);
        options.TopK = 5;
        options.PromptLength = 9;
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        Assert.AreEqual(6 * 2 * 16, bench.Parameter("prompt.prompt").numel());
    }

    private static MethodOptions Options(string name, ClassMask mask = ClassMask.CurrentTask) => name == "L2P"
        ? new L2POptions { PoolSize = 6, PromptLength = 2, TopK = 2, ClassMask = mask }
        : new VisualPromptOptions { PromptLength = 12, ClassMask = mask };
}
