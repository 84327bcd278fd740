using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.ClipPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

[TestClass]
public sealed class ClipPromptMethodTests
{
    private const string Prompt = "image_prompt_pool.0.weight";

    private DisposeScope _scope = null!;
    private ClipModel _clip = null!;
    private ClipPromptOptions _options = null!;

    [TestInitialize]
    public void Open()
    {
        _scope = NewDisposeScope();
        _clip = TinyClip.Create();
        _options = new ClipPromptOptions { Backbone = _clip, ImagePromptLength = 3, ContextLength = 2 };
    }

    [TestCleanup]
    public void Close()
    {
        _clip.Dispose();
        _scope.Dispose();
    }

    private ClipPromptMethod Create(long seed = 5) => (ClipPromptMethod)_options.CreateMethod(new SeededRandom(seed));

    private static readonly string[] Labels = ["cat", "dog", "elk_x", "fox"];

    private static MethodTask Task(int index, int classCount, params int[] classes)
    {
        var labels = new ClassRegistry();
        foreach (string label in Labels[..classCount]) labels.Add(label);
        return new MethodTask(index, classes, classCount, 32, new SeededRandom(100 + index)) { Labels = labels };
    }

    private static ImageBatch Batch(params int[] labels) =>
        new(RandomTransformer.Images(labels.Length, TinyImages.Size, 9), tensor((IList<long>)[.. labels.Select(l => (long)l)]), [.. Enumerable.Range(0, labels.Length)], false);

    private static Tensor Parameter(ContinualMethod method, string name) => method.Parameters.Single(p => p.Name == name).Value;

    /// <summary>Steps with the library's own optimiser, as the loop does.</summary>
    private void Train(ContinualMethod method, ImageBatch batch, bool first, int steps = 2)
    {
        using optim.Optimizer optimizer = Optimizers.Create(_options, method.Parameters.Select(p => p.Value), first);
        for (int i = 0; i < steps; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            LossTerms terms = method.ComputeLoss(batch);
            optimizer.zero_grad();
            terms.Total.backward();
            optimizer.step();
        }
    }

    private static float[] Contexts(ContinualMethod method)
    {
        using var state = new StateDictionary();
        method.SaveState(state);
        return MethodBench.Values(state.Get("text_contexts", null));
    }

    [TestMethod]
    public void Parameters_start_as_the_released_code_draws_them()
    {
        _options.ImagePromptLength = 200;
        using ClipPromptMethod method = Create();
        method.BeginTask(Task(0, 2, 0, 1));
        float[] prompt = MethodBench.Values(Parameter(method, Prompt)), context = MethodBench.Values(Parameter(method, "text_prompt_pool.0.ctx"));
        Assert.IsTrue(prompt.All(p => Math.Abs(p) <= 0.25));
        Assert.AreEqual(0.25 / Math.Sqrt(3), Math.Sqrt(prompt.Average(p => p * p)), 0.01);
        Assert.HasCount(16, context);
        Assert.IsTrue(context.All(c => Math.Abs(c) is > 0 and < 0.1f));
    }

    [TestMethod]
    public void Only_the_tasks_classes_compete_and_their_logits_are_scaled_cosines()
    {
        using ClipPromptMethod method = Create();
        method.BeginTask(Task(0, 1, 0));
        method.BeginTask(Task(1, 4, 1, 2, 3));
        ImageBatch batch = Batch(3, 1);
        LossTerms terms = method.ComputeLoss(batch);
        CollectionAssert.AreEqual(new long[] { 2, 4 }, terms.Logits.shape);
        Assert.IsTrue(MethodBench.Values(terms.Logits.select(1, 0)).All(float.IsNegativeInfinity));

        Tensor image = _clip.EncodeImages(batch.Images, new Microsoft.ML.Continual.Backbones.BlockEdits { InputTokens = Parameter(method, Prompt) });
        Tensor text = _clip.EncodeTexts(_clip.Tokenize(["X X dog.", "X X elk x.", "X X fox."]), Parameter(method, "text_prompt_pool.1.ctx"));
        Tensor expected = nn.functional.cosine_similarity(image.unsqueeze(1), text.unsqueeze(0), 2) * Math.Exp(2.5);   // [2, 1, E], [1, 3, E] -> [2, 3]
        Assert.IsLessThan(1e-5, RandomTransformer.Difference(terms.Logits.narrow(1, 1, 3), expected));
        Assert.AreEqual(nn.functional.cross_entropy(expected, tensor(new long[] { 2, 0 })).item<float>(), terms.Total.item<float>(), 1e-5f);
    }

    [TestMethod]
    public void Gradients_of_the_whole_loss_equal_finite_differences()
    {
        ClipConfig config = TinyClip.Config with { ImageSize = 8, Width = 8, MlpWidth = 12, Depth = 1, TextDepth = 1 };
        using ClipModel clip = TinyClip.Create(type: ScalarType.Float64, config: config);
        Tensor images = RandomTransformer.Images(3, 8), ids = clip.Tokenize(["X X cat.", "X X an elk."]), labels = tensor(new long[] { 0, 1, 1 });
        Tensor prompt = RandomTransformer.Tokens(2, 8).to(ScalarType.Float64), context = RandomTransformer.Tokens(2, 8).to(ScalarType.Float64) * 0.5;
        Tensor Loss(Tensor p, Tensor c) => nn.functional.cross_entropy(
            ClipPromptNetwork.Logits(clip, ClipPromptNetwork.ImageFeatures(clip, images, p), ClipPromptNetwork.TextFeatures(clip, ids, c)), labels);
        ClipModelTests.CheckGradient(prompt, p => Loss(p, context));
        ClipModelTests.CheckGradient(context, c => Loss(prompt, c));
    }

    [TestMethod]
    public void A_bfloat16_backbone_trains_float32_parameters_and_agrees_to_its_precision()
    {
        using ClipModel half = TinyClip.Create(type: ScalarType.BFloat16);
        using ClipPromptMethod whole = Create();
        _options.Backbone = half;
        using ClipPromptMethod rounded = Create();
        ImageBatch batch = Batch(0, 1, 1);
        foreach (ClipPromptMethod method in new[] { whole, rounded }) method.BeginTask(Task(0, 2, 0, 1));
        LossTerms expected = whole.ComputeLoss(batch), found = rounded.ComputeLoss(batch with { Images = batch.Images.to(ScalarType.BFloat16) });
        Assert.AreEqual((ScalarType.Float32, ScalarType.Float32), (found.Logits.dtype, found.Total.dtype));
        Assert.IsLessThan(0.05, RandomTransformer.Difference(found.Logits, expected.Logits));
        expected.Total.backward();
        found.Total.backward();
        foreach ((TrainableParameter one, TrainableParameter other) in whole.Parameters.Zip(rounded.Parameters))
        {
            Assert.AreEqual(ScalarType.Float32, other.Value.grad!.dtype);
            Assert.IsLessThan(0.2, RandomTransformer.Difference(other.Value.grad!, one.Value.grad!), one.Name);
        }
    }

    [TestMethod]
    public void Contexts_of_earlier_tasks_keep_their_bits_unless_they_are_to_decay()
    {
        foreach (bool decay in new[] { false, true })
        {
            _options.DecayOldContexts = decay;
            using ClipPromptMethod method = Create();
            method.BeginTask(Task(0, 2, 0, 1));
            Train(method, Batch(0, 1, 1), first: true);
            method.EndTask();
            float[] before = Contexts(method);
            method.BeginTask(Task(1, 4, 2, 3));
            Train(method, Batch(2, 3, 3), first: false, steps: 3);
            float[] after = Contexts(method)[..before.Length];
            if (!decay)
            {
                CollectionAssert.AreEqual(before, after);
                continue;
            }
            // Zero gradients, decay λ, momentum 0.9, rate η: the buffer starts with the first gradient.
            double eta = _options.LearningRate, lambda = _options.WeightDecay;
            for (int i = 0; i < before.Length; i++)
            {
                double value = before[i], momentum = 0;
                for (int s = 0; s < 3; s++)
                {
                    momentum = (s == 0 ? 0 : 0.9 * momentum) + lambda * value;
                    value -= eta * momentum;
                }
                Assert.AreEqual(value, after[i], 1e-8);
                Assert.AreNotEqual(before[i], after[i]);
            }
        }
    }

    [TestMethod]
    public void A_class_of_several_tasks_has_the_highest_score_of_its_texts_and_each_task_its_own()
    {
        using ClipPromptMethod method = Create();
        method.BeginTask(Task(0, 2, 0, 1));
        Train(method, Batch(0, 1), first: true);
        using var first = (ClipPromptScorer)method.CreateScorer();
        method.BeginTask(Task(1, 3, 0, 2));
        Train(method, Batch(0, 2), first: false, steps: 5);
        using var scorer = (ClipPromptScorer)method.CreateScorer();
        Tensor images = RandomTransformer.Images(6, TinyImages.Size, 77), all = scorer.Score(images), old = scorer.Score(images, 0), young = scorer.Score(images, 1);
        CollectionAssert.AreEqual(new long[] { 6, 3 }, all.shape);
        Assert.AreEqual((3, 2), (scorer.ClassCount, first.ClassCount));
        // To rounding: products with more columns may add in another order.
        Assert.IsLessThan(1e-6, RandomTransformer.Difference(all.select(1, 0), maximum(old.select(1, 0), young.select(1, 0))));
        Assert.IsLessThan(1e-6, RandomTransformer.Difference(all.select(1, 1), old.select(1, 1)));
        Assert.IsLessThan(1e-6, RandomTransformer.Difference(all.select(1, 2), young.select(1, 2)));
        Assert.IsTrue(MethodBench.Values(old.select(1, 2)).Concat(MethodBench.Values(young.select(1, 1))).All(float.IsNegativeInfinity));
        Assert.IsGreaterThan(1e-3, RandomTransformer.Difference(old.select(1, 0), young.select(1, 0)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => scorer.Score(images, 2));
    }

    [TestMethod]
    public void A_scorer_is_a_snapshot()
    {
        using ClipPromptMethod method = Create();
        method.BeginTask(Task(0, 2, 0, 1));
        using IScorer scorer = method.CreateScorer();
        Tensor images = RandomTransformer.Images(4, TinyImages.Size, 77);
        float[] before = MethodBench.Values(scorer.Score(images));
        Train(method, Batch(0, 1), first: true);
        CollectionAssert.AreEqual(before, MethodBench.Values(scorer.Score(images)));
        using IScorer later = method.CreateScorer();
        CollectionAssert.AreNotEqual(before, MethodBench.Values(later.Score(images)));
        Assert.AreEqual(ScalarType.Float32, later.Score(images).dtype);
    }

    [TestMethod]
    public void State_brings_prompt_contexts_and_texts_back()
    {
        using ClipPromptMethod method = Create(), other = Create(6);
        method.BeginTask(Task(0, 2, 0, 1));
        method.BeginTask(Task(1, 3, 1, 2));
        using var state = new StateDictionary();
        method.SaveState(state);
        other.BeginTask(Task(0, 1, 0));   // forgotten by loading
        other.LoadState(state);
        Tensor images = RandomTransformer.Images(3, TinyImages.Size);
        using IScorer one = method.CreateScorer(), two = other.CreateScorer();
        CollectionAssert.AreEqual(MethodBench.Values(one.Score(images)), MethodBench.Values(two.Score(images)));
        Assert.AreEqual(3, other.ClassCount);
        CollectionAssert.AreEqual(method.Parameters.Select(p => p.Name).ToArray(), other.Parameters.Select(p => p.Name).ToArray());
        using var again = new StateDictionary();
        other.SaveState(again);
        Assert.AreEqual(state.Values.ToJsonString(), again.Values.ToJsonString());
        StringAssert.Contains(state.Values.ToJsonString(), "elk_x");
    }

    [TestMethod]
    public void A_damaged_state_is_refused_and_changes_nothing()
    {
        using ClipPromptMethod method = Create(), other = Create(6);
        method.BeginTask(Task(0, 2, 0, 1));
        other.BeginTask(Task(0, 1, 0));
        float[] before = Contexts(other);
        foreach (Action<System.Text.Json.Nodes.JsonObject> damage in new Action<System.Text.Json.Nodes.JsonObject>[]
                 {
                     v => v["method"] = "L2P", v => v.Remove("tasks"), v => v["classCount"] = 3, v => v["tasks"]![0]!["names"]!.AsArray().RemoveAt(0), v => v["tasks"]![0]!["classes"]![0] = 7,
                     v => v["tasks"]!.AsArray().Add(v["tasks"]![0]!.DeepClone()), v => v["tasks"] = "none", v => v["tasks"]![0]!["names"]![0] = new string('q', 50),
                 })
        {
            using var state = new StateDictionary();
            method.SaveState(state);
            damage(state.Values);
            Assert.ThrowsExactly<InvalidDataException>(() => other.LoadState(state), state.Values.ToJsonString());
            CollectionAssert.AreEqual(before, Contexts(other));
        }
    }

    [TestMethod]
    public void The_site_sees_tokens_with_positions_before_the_prompt()
    {
        using ClipPromptMethod method = Create();
        Tensor images = RandomTransformer.Images(2, TinyImages.Size);
        IReadOnlyDictionary<string, Tensor> activations = method.CollectActivations(images, ["prompt"]);
        Assert.IsTrue(activations["prompt"].equal(_clip.Image.Embed(images)).all().item<bool>());
        ProjectionSite site = method.Sites.Single();
        Assert.AreEqual((SiteRole.Prompt, true, 16, 3L), (site.Role, site.ProtectsOwnRows, site.Dimension, site.Rows));
    }

    [TestMethod]
    public void Tasks_out_of_range_are_refused()
    {
        using ClipPromptMethod method = Create(), fresh = Create();
        method.BeginTask(Task(0, 2, 0, 1));
        foreach (MethodTask bad in new[] { Task(1, 1, 0), Task(1, 3), Task(1, 3, 3), Task(1, 4, 2), Task(1, 3, 2) with { Labels = null } })
            Assert.ThrowsExactly<ArgumentException>(() => method.BeginTask(bad));
        Assert.ThrowsExactly<InvalidOperationException>(() => fresh.ComputeLoss(Batch(0)));
    }

    [TestMethod]
    public void Steps_leave_no_tensor_behind()
    {
        using ClipPromptMethod method = Create();
        ImageBatch batch = Batch(0, 1);
        method.BeginTask(Task(0, 2, 0, 1));
        using IScorer scorer = method.CreateScorer();
        Once();
        long before = LiveTensors.Count();
        for (int i = 0; i < 5; i++) Once();
        Assert.AreEqual(before, LiveTensors.Count());

        void Once()
        {
            using DisposeScope scope = NewDisposeScope();
            method.ComputeLoss(batch).Total.backward();
            foreach (TrainableParameter p in method.Parameters) p.Value.grad = null;
            scorer.Score(batch.Images);
            method.CollectActivations(batch.Images, ["prompt"]);
        }
    }
}
