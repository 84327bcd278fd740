using System.Globalization;
using System.Reflection;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>Deep visual prompts with a head for each task.</summary>
[TestClass]
public sealed class DeepPromptMethodTests
{
    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    private static DeepPromptOptions Options() => new() { PromptLength = 3, Temperature = 2 };

    private static Tensor HeadOf(ContinualMethod method, string name)
    {
        using var state = new StateDictionary();
        method.SaveState(state);
        return state.Get(name, null).clone();
    }

    [TestMethod]
    public void Prompts_stand_in_the_blocks_that_are_asked_for()
    {
        using var all = new MethodBench(Options());
        CollectionAssert.AreEqual(new[] { "block0.prompt", "block1.prompt", "block2.prompt" }, all.Method.Sites.Select(s => s.Name).ToArray());
        using var some = new MethodBench(new DeepPromptOptions { PromptLength = 3, FirstBlock = 1, BlockCount = 1 });
        some.BeginTask(0, [0, 1], 2);
        CollectionAssert.AreEqual(new[] { "blocks.1.prompt.prompt", "head.weight", "head.bias" }, some.Method.Parameters.Select(p => p.Name).ToArray());
        CollectionAssert.AreEqual(new long[] { 3, 16 }, some.Parameter("blocks.1.prompt.prompt").shape);
        ProjectionSite site = some.Method.Sites.Single();
        Assert.AreEqual(("block1.prompt", 3L, true), (site.Name, site.Rows, site.ProtectsOwnRows));
        Assert.AreEqual((2, 8), (site.Readers!.Heads, site.Readers.HeadWidth));
    }

    [TestMethod]
    public void The_loss_is_that_of_the_tasks_own_logits_over_the_temperature()
    {
        using var bench = new MethodBench(Options());
        bench.BeginTask(0, [0, 1], 2);
        bench.BeginTask(1, [2, 3, 4], 5);
        ImageBatch batch = bench.Batch([3, 2, 4, 3]);
        LossTerms terms = bench.Method.ComputeLoss(batch);
        Dictionary<int, Tensor> prompts = Enumerable.Range(0, 3).ToDictionary(b => b, b => (Tensor)bench.Parameter($"blocks.{b}.prompt.prompt"));
        Tensor feature = bench.Backbone.Forward(batch.Images, new BlockEdits { ContextTokens = prompts }).squeeze(1);
        Tensor logits = feature.matmul(bench.Parameter("head.weight").t()) + bench.Parameter("head.bias");
        Assert.IsLessThan(1e-5, RandomTransformer.Difference(terms.Logits.narrow(1, 2, 3), logits));
        Assert.IsTrue(MethodBench.Values(terms.Logits.narrow(1, 0, 2)).All(float.IsNegativeInfinity));
        Tensor expected = nn.functional.cross_entropy(logits / 2, tensor((IList<long>)[1, 0, 2, 1], new long[] { 4 }));
        Assert.AreEqual(expected.item<float>(), terms.Total.item<float>(), 1e-5f);
    }

    [TestMethod]
    public void Heads_of_other_tasks_keep_their_bits_even_under_weight_decay()
    {
        using var bench = new MethodBench(Options());
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1, 0]));
        bench.Method.EndTask();
        float[] before = MethodBench.Values(HeadOf(bench.Method, "head.weight"));
        bench.BeginTask(1, [1, 2], 3);
        using (optim.Optimizer optimizer = optim.Adam(bench.Method.Parameters.Select(p => p.Value), 0.1, weight_decay: 0.1))
        {
            bench.Method.ComputeLoss(bench.Batch([1, 2])).Total.backward();
            optimizer.step();
        }
        bench.Method.EndTask();
        float[] after = MethodBench.Values(HeadOf(bench.Method, "head.weight"));
        CollectionAssert.AreEqual(before[..16], after[..16], "class 0 is not in the task");
        CollectionAssert.AreNotEqual(before[16..], after[16..32], "class 1 is learned again, from where it was");
        Assert.IsTrue(before[16..].Zip(after[16..32]).All(p => Math.Abs(p.First - p.Second) < 0.11f));
    }

    [TestMethod]
    public void The_logits_of_all_heads_stand_side_by_side_in_prediction()
    {
        using var bench = new MethodBench(Options());
        Tensor images = RandomTransformer.Images(3, seed: 8);
        bench.BeginTask(0, [0, 1], 2);
        bench.Method.EndTask();
        bench.BeginTask(1, [2], 3);
        bench.Step(bench.Batch([2, 2]));
        using IScorer open = bench.Method.CreateScorer();
        bench.Method.EndTask();
        using IScorer scorer = bench.Method.CreateScorer();
        Tensor scores = scorer.Score(images);
        CollectionAssert.AreEqual(MethodBench.Values(open.Score(images)), MethodBench.Values(scores), "whether the task is still open or not");
        Dictionary<int, Tensor> prompts = Enumerable.Range(0, 3).ToDictionary(b => b, b => (Tensor)bench.Parameter($"blocks.{b}.prompt.prompt"));
        Tensor feature = bench.Backbone.Forward(images, new BlockEdits { ContextTokens = prompts }).squeeze(1).detach();
        Assert.IsLessThan(1e-5, RandomTransformer.Difference(scores, feature.matmul(HeadOf(bench.Method, "head.weight").t()) + HeadOf(bench.Method, "head.bias")));
    }

    [TestMethod]
    public void New_rows_are_uniform_or_start_as_in_the_released_code()
    {
        using var uniform = new MethodBench(Options());
        uniform.BeginTask(0, [.. Enumerable.Range(0, 40)], 40);
        float[] weight = MethodBench.Values(uniform.Parameter("head.weight")), bias = MethodBench.Values(uniform.Parameter("head.bias"));
        Assert.IsTrue(weight.Concat(bias).All(w => Math.Abs(w) <= 0.25) && weight.Max() > 0.24 && weight.Min() < -0.24 && bias.Max() > 0.2);

        DeepPromptOptions options = Options();
        options.HeadInitialization = HeadInitialization.ReleasedCode;
        using var released = new MethodBench(options);
        released.BeginTask(0, [0, 1], 2);
        CollectionAssert.AreEqual(new float[2], MethodBench.Values(released.Parameter("head.bias")));
        Assert.IsTrue(MethodBench.Values(released.Parameter("head.weight")).All(w => Math.Abs(w) < 0.12));
        released.Step(released.Batch([0, 1]));
        float[] first = MethodBench.Values(released.Parameter("head.weight")), firstBias = MethodBench.Values(released.Parameter("head.bias"));
        released.BeginTask(1, [2, 3], 4);
        CollectionAssert.AreEqual(first, MethodBench.Values(released.Parameter("head.weight")), "as many classes as are known: their rows again");
        CollectionAssert.AreEqual(firstBias, MethodBench.Values(released.Parameter("head.bias")));
        released.BeginTask(2, [4, 5], 6);
        CollectionAssert.AreNotEqual(first, MethodBench.Values(released.Parameter("head.weight")));
        Assert.IsTrue(MethodBench.Values(released.Parameter("head.bias")).All(b => b != 0));
    }

    [TestMethod]
    public void The_order_of_a_blocks_prompts_does_not_matter()
    {
        using var bench = new MethodBench(Options());
        bench.BeginTask(0, [0, 1], 2);
        Tensor images = RandomTransformer.Images(3), before, mixing;
        using (IScorer scorer = bench.Method.CreateScorer()) before = scorer.Score(images);
        mixing = bench.Method.CollectActivations(images, ["block1.prompt.mixing"])["block1.prompt.mixing"];
        Parameter prompt = bench.Parameter("blocks.1.prompt.prompt");
        Tensor order = tensor((IList<long>)[2, 0, 1], new long[] { 3 });
        using (no_grad()) prompt.copy_(prompt.index_select(0, order));
        using (IScorer scorer = bench.Method.CreateScorer()) Assert.IsLessThan(1e-5, RandomTransformer.Difference(scorer.Score(images), before));
        Assert.IsLessThan(1e-5, RandomTransformer.Difference(bench.Method.CollectActivations(images, ["block1.prompt.mixing"])["block1.prompt.mixing"], mixing.index_select(2, order)));
    }

    [TestMethod]
    public void Only_what_is_wanted_is_collected()
    {
        using var bench = new MethodBench(Options());
        Tensor images = RandomTransformer.Images(2);
        Assert.AreEqual(0, bench.Method.CollectActivations(images, ["prompt"]).Count);
        IReadOnlyDictionary<string, Tensor> found = bench.Method.CollectActivations(images, ["block0.prompt", "block1.prompt.queries", "block1.prompt.mixing"]);
        CollectionAssert.AreEquivalent(new[] { "block0.prompt", "block1.prompt.queries", "block1.prompt.mixing" }, found.Keys.ToArray());
        CollectionAssert.AreEqual(new long[] { 2, 10, 16 }, found["block0.prompt"].shape);
        CollectionAssert.AreEqual(new long[] { 2, 10, 16 }, found["block1.prompt.queries"].shape);
        CollectionAssert.AreEqual(new long[] { 2, 20, 3 }, found["block1.prompt.mixing"].shape);
        Assert.IsFalse(found.Values.Any(v => v.requires_grad));
    }

    [TestMethod]
    public void A_restored_method_goes_on_bit_for_bit_and_other_states_are_refused()
    {
        using var bench = new MethodBench(Options());
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        using var state = new StateDictionary();
        bench.Method.SaveState(state);   // in the middle of a task
        bench.Method.EndTask();
        using var other = new MethodBench(Options(), seed: 1234);
        other.Method.LoadState(state);
        Assert.ThrowsExactly<InvalidOperationException>(() => other.Method.ComputeLoss(other.Batch([0])));
        foreach (MethodBench b in new[] { bench, other })
        {
            b.BeginTask(1, [1, 2], 3);
            b.Step(b.Batch([2, 1], seed: 3));
        }
        foreach (TrainableParameter p in bench.Method.Parameters) CollectionAssert.AreEqual(MethodBench.Values(p.Value), MethodBench.Values(other.Parameter(p.Name)), p.Name);

        using var fewer = new MethodBench(new DeepPromptOptions { PromptLength = 3, BlockCount = 2 });
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => fewer.Method.LoadState(state)).Message, "blocks.2.prompt.prompt");
        using var later = new MethodBench(new DeepPromptOptions { PromptLength = 3, FirstBlock = 1 });
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => later.Method.LoadState(state)).Message, "expected 1");
        using StateDictionary foreign = state.Clone();
        foreign.Values["method"] = "L2P";
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => bench.Method.LoadState(foreign)).Message, "L2P");
    }

    [TestMethod]
    public void Bfloat16_backbones_train_float32_parameters()
    {
        using var bench = new MethodBench(Options(), ScalarType.BFloat16);
        bench.BeginTask(0, [0, 1], 2);
        ImageBatch batch = bench.Batch([0, 1, 1, 0]);
        float before = bench.Method.ComputeLoss(batch).CrossEntropy.item<float>();
        for (int i = 0; i < 20; i++) bench.Step(batch);
        Assert.IsTrue(bench.Method.Parameters.All(p => p.Value.dtype == ScalarType.Float32));
        Assert.IsLessThan(before, bench.Method.ComputeLoss(batch).CrossEntropy.item<float>());
        Assert.IsTrue(bench.Method.CollectActivations(batch.Images, ["block2.prompt.queries", "block2.prompt.mixing"]).Values.All(v => v.dtype == ScalarType.Float32));
    }

    /// <summary>Options that come later are covered as well: whoever adds one must check it.</summary>
    [TestMethod]
    public void No_option_escapes_the_checks()
    {
        using var backbone = RandomTransformer.Create();
        foreach (PropertyInfo option in typeof(DeepPromptOptions).GetProperties().Where(p => p.CanWrite && p.PropertyType != typeof(bool) && p.Name != nameof(MethodOptions.Seed)))
        {
            Type type = Nullable.GetUnderlyingType(option.PropertyType) ?? option.PropertyType;
            object? wrong = type == typeof(ClassifierAlignmentOptions) ? new ClassifierAlignmentOptions { Epochs = 0 } : type.IsEnum ? Enum.ToObject(type, 99) : type == typeof(string) ? " " : type.IsValueType ? Convert.ChangeType(-1, type, CultureInfo.InvariantCulture) : null;
            var options = new DeepPromptOptions { Backbone = backbone };
            options.Validate();
            option.SetValue(options, wrong);
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(options.Validate, option.Name).Message, $"Option {option.Name}{(wrong is ClassifierAlignmentOptions ? ".Epochs" : "")}: expected ");
        }
        Assert.ThrowsExactly<ArgumentException>(new DeepPromptOptions { Backbone = backbone, FirstBlock = 3 }.Validate);
        Assert.ThrowsExactly<ArgumentException>(new DeepPromptOptions { Backbone = backbone, FirstBlock = 1, BlockCount = 3 }.Validate);
        Assert.ThrowsExactly<ArgumentException>(new DeepPromptOptions { Backbone = backbone, DecayAt = [0.5, 1] }.Validate);
    }

    [TestMethod]
    public void The_rate_falls_in_steps_and_options_keep_their_own_steps()
    {
        double[] steps = [0.4, 0.7];
        var options = new DeepPromptOptions { Epochs = 10, LearningRate = 1, ScaleLearningRateByBatch = false, Schedule = LearningRateSchedule.Steps, DecayAt = steps, DecayFactor = 0.5 };
        var copy = (DeepPromptOptions)options.Clone();
        steps[0] = 0;
        CollectionAssert.AreEqual(new[] { 1, 1, 1, 1, .5, .5, .5, .25, .25, .25 }, Enumerable.Range(0, 10).Select(e => Optimizers.RateOf(copy, e)).ToArray());
        Assert.AreEqual(0.5, Optimizers.RateOf(options, 0));
    }
}
