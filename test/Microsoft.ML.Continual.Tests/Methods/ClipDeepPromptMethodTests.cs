using System.Globalization;
using System.Reflection;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.ClipDeepPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>CLIP with deep prompts, class statistics and a refined projection.</summary>
[TestClass]
public sealed class ClipDeepPromptMethodTests
{
    private static readonly string[] s_names = ["cat", "dog", "fox_cub", "elk"];

    private DisposeScope _scope = null!;
    private ClipModel _clip = null!;

    [TestInitialize]
    public void Open()
    {
        _scope = NewDisposeScope();
        _clip = TinyClip.Create();
    }

    [TestCleanup]
    public void Close()
    {
        _clip.Dispose();
        _scope.Dispose();
    }

    private ClipDeepPromptOptions Options() => new() { Backbone = _clip, BlockCount = 2, Templates = ["a {}", "the {}."], RefinementEpochs = 3, RefinementSamples = 8, RefinementBatchSize = 8 };

    private ClipDeepPromptMethod Make(ClipDeepPromptOptions options) => (ClipDeepPromptMethod)options.CreateMethod(new SeededRandom(3));

    private static MethodTask Task(int index, int[] classes, int classCount)
    {
        var labels = new ClassRegistry();
        for (int c = 0; c < classCount; c++) labels.Add(s_names[c]);
        return new MethodTask(index, classes, classCount, 8, new SeededRandom(index)) { Labels = labels.Freeze() };
    }

    private static ImageBatch Batch(int seed, params long[] labels) =>
        new(RandomTransformer.Images(labels.Length, TinyImages.Size, seed), tensor((IList<long>)labels, new long[] { labels.Length }), [.. Enumerable.Range(0, labels.Length)], true);

    private static FinishedTask Finished(params ImageBatch[] batches) => new(batches.Sum(b => b.Rows.Count), _ => batches, new SeededRandom(5), _ => { });

    [TestMethod]
    public void A_class_is_the_mean_of_its_templates_and_only_the_tasks_classes_compete()
    {
        using ClipDeepPromptMethod method = Make(Options());
        method.BeginTask(Task(0, [0, 1], 2));
        method.BeginTask(Task(1, [2, 1], 3));
        Tensor texts = ClassTexts.Unit(_clip.EncodeTexts(_clip.Tokenize(["a fox cub", "the fox cub."])));
        Assert.IsLessThan(1e-5, RandomTransformer.Difference(method.Texts.narrow(0, 2, 1), ClassTexts.Unit(texts.mean([0], true))));
        LossTerms terms = method.ComputeLoss(Batch(1, 2, 1, 2));
        float[] logits = MethodBench.Values(terms.Logits);
        Assert.IsTrue(float.IsNegativeInfinity(logits[0]) && float.IsFinite(logits[1]) && float.IsFinite(logits[2]));
        Tensor expected = nn.functional.cross_entropy(terms.Logits.narrow(1, 1, 2), tensor((IList<long>)[1, 0, 1], new long[] { 3 }));
        Assert.AreEqual(expected.item<float>(), terms.Total.item<float>(), 1e-5f);
        terms.Total.backward();
        Assert.IsTrue(method.Parameters.All(p => p.Value.grad is not null));
        CollectionAssert.AreEqual(new[] { "blocks.0.prompt.prompt", "blocks.1.prompt.prompt", "logit_scale" }, method.Parameters.Select(p => p.Name).ToArray());
        Assert.AreEqual(2.5f, method.Parameters[^1].Value.item<float>(), 1e-6f);
    }

    [TestMethod]
    public void Statistics_are_those_of_all_features_of_a_class_whenever_they_come()
    {
        var random = new SeededRandom(1);
        Tensor features = random.NormalTensor(30, 5).to(ScalarType.Float64).matmul(random.UniformTensor(-1, 1, 5, 5).to(ScalarType.Float64)) + 3;
        using var once = new ClassStatistics(5);
        using var twice = new ClassStatistics(5);
        Add(once, features);
        Add(twice, features.narrow(0, 0, 12));
        Add(twice, features.narrow(0, 12, 18));
        Tensor centred = features - features.mean([0]), covariance = centred.t().mm(centred) / 29 + eye(5, 5, ScalarType.Float64) * ClassStatistics.Ridge;
        foreach (ClassStatistics statistics in new[] { once, twice })
        {
            Assert.IsLessThan(1e-9, RandomTransformer.Difference(statistics.Mean(0), features.mean([0])));
            Assert.IsLessThan(1e-5, RandomTransformer.Difference(statistics.Factor(0).mm(statistics.Factor(0).t()), covariance));
        }
        using var single = new ClassStatistics(5);
        Add(single, features.narrow(0, 0, 1));
        Assert.IsLessThan(1e-6, RandomTransformer.Difference(single.Factor(0), eye(5, 5) * 0.01), "one feature has no covariance");

        static void Add(ClassStatistics statistics, Tensor features) => statistics.Add(0, features.shape[0], features.sum(dim: 0), features.t().mm(features));
    }

    [TestMethod]
    public void Refinement_brings_drawn_features_nearer_to_their_texts_and_goes_on_from_a_saved_state()
    {
        ClipDeepPromptOptions options = Options();
        (options.RefinementEpochs, options.RefinementLearningRate) = (30, 0.1);
        using ClipDeepPromptMethod method = Make(options), restored = Make(options);
        var losses = new List<float>();
        method.Refiner = new HeadRefiner(options) { Stepped = loss => losses.Add(loss.item<float>()) };
        method.BeginTask(Task(0, [0, 1], 2));
        Tensor before = method.Head.Weight.clone();
        method.Conclude(Finished(Batch(1, 0, 1, 0), Batch(2, 1, 0, 1)));
        method.EndTask();
        Assert.HasCount(60, losses);
        Assert.IsTrue(losses[^2..].Average() < 0.8 * losses[..2].Average(), $"{losses[0]} … {losses[^1]}");
        Assert.IsTrue((method.Head.Weight - before).abs().max().item<float>() > 0);
        Assert.AreEqual(2, method.Statistics.Count);

        using var state = new StateDictionary();
        method.SaveState(state);
        restored.LoadState(state);
        method.Refiner = null;
        foreach (ClipDeepPromptMethod one in new[] { method, restored })
        {
            one.BeginTask(Task(1, [1, 2], 3));
            one.Conclude(Finished(Batch(3, 2, 1, 2, 2)));
            one.EndTask();
            Assert.AreEqual(3, one.Statistics.Count);
        }
        CollectionAssert.AreEqual(MethodBench.Values(method.Head.Weight), MethodBench.Values(restored.Head.Weight));
        CollectionAssert.AreEqual(MethodBench.Values(method.Statistics.Factor(1)), MethodBench.Values(restored.Statistics.Factor(1)), "class 1 came again");
        using IScorer a = method.CreateScorer(), b = restored.CreateScorer();
        CollectionAssert.AreEqual(MethodBench.Values(a.Score(Batch(4, 0, 0).Images)), MethodBench.Values(b.Score(Batch(4, 0, 0).Images)));
    }

    [TestMethod]
    public void Features_that_are_not_finite_are_refused_before_anything_changes()
    {
        using ClipDeepPromptMethod method = Make(Options());
        method.BeginTask(Task(0, [0, 1], 2));
        ImageBatch batch = Batch(1, 0, 1);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => method.Conclude(Finished(batch with { Images = batch.Images * double.NaN }))).Message, "class 0");
        Assert.AreEqual(0, method.Statistics.Count);
    }

    [TestMethod]
    public void States_of_other_methods_and_sizes_are_refused()
    {
        using ClipDeepPromptMethod method = Make(Options());
        method.BeginTask(Task(0, [0], 1));
        using var state = new StateDictionary();
        method.SaveState(state);   // before its statistics were gathered
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => method.LoadState(state)).Message, "RefineHead");
        using StateDictionary foreign = state.Clone();
        foreign.Values["method"] = "VPT";
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => method.LoadState(foreign)).Message, "VPT");
        ClipDeepPromptOptions one = Options();
        one.BlockCount = 1;
        using ClipDeepPromptMethod smaller = Make(one);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => smaller.LoadState(state)).Message, "blocks.1.prompt.prompt");
    }

    [TestMethod]
    public void Names_that_are_missing_or_too_long_are_named()
    {
        ClipDeepPromptOptions options = Options();
        options.ClassNames["cat"] = string.Concat(Enumerable.Repeat("fox ", 20));
        using ClipDeepPromptMethod method = Make(options);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => method.BeginTask(Task(0, [0], 1))).Message, "fox fox");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => method.BeginTask(Task(0, [0], 1) with { Labels = null })).Message, "label values");
        Assert.ThrowsExactly<InvalidOperationException>(() => method.ComputeLoss(Batch(1, 0)));
    }

    [TestMethod]
    public void Templates_are_as_many_as_the_paper_has()
    {
        Assert.HasCount(18, ClipTemplates.Cifar100);
        Assert.HasCount(7, ClipTemplates.ImageNetR);
        Assert.HasCount(12, ClipTemplates.DomainNet);
        Assert.AreEqual("a photo of a {}.", ClipTemplates.Cifar100[0]);
        Assert.AreEqual("a photo of the big {}.", ClipTemplates.Cifar100[17]);
        Assert.AreEqual("a sketch of the {}", ClipTemplates.DomainNet[11]);
        foreach ((Recipe recipe, int templates) in new[] { (Recipe.SplitCifar100In20Tasks, 18), (Recipe.SplitImageNetRIn100Tasks, 7), (Recipe.SplitDomainNet, 12) })
        {
            var options = new ClipDeepPromptOptions(recipe);
            Assert.AreEqual((templates, 220, 20, 0.001), (options.Templates.Count, options.BatchSize, options.Epochs, Optimizers.RateOf(options, 0)));
            Assert.AreEqual(0.0001, Optimizers.RateOf(options, 8), 1e-12);
            (ResizeFilter, AutoAugmentPolicy) training = templates == 18 ? (ResizeFilter.Bicubic, AutoAugmentPolicy.Cifar10) : (ResizeFilter.Bilinear, AutoAugmentPolicy.ImageNet);
            Assert.AreEqual(new TrainingView(TrainingViewKind.RandomResizedCrop, 0.08, 0, training.Item1, training.Item2), options.TrainingView);
            Assert.AreEqual(new EvaluationView(Crop: true, ResizeRatio: 1), options.EvaluationView);
        }
        Assert.ThrowsExactly<ArgumentException>(() => new ClipDeepPromptOptions(Recipe.SplitCub200));
    }

    /// <summary>Options that come later are covered as well: whoever adds one must check it.</summary>
    [TestMethod]
    public void No_option_escapes_the_checks()
    {
        foreach (PropertyInfo option in typeof(ClipDeepPromptOptions).GetProperties().Where(p => p.SetMethod is { IsPublic: true } && p.PropertyType != typeof(bool) && p.Name != nameof(MethodOptions.Seed)))
        {
            Type type = Nullable.GetUnderlyingType(option.PropertyType) ?? option.PropertyType;
            object? wrong = type.IsEnum ? Enum.ToObject(type, 99) : type == typeof(string) ? " " : type.IsValueType ? Convert.ChangeType(-1, type, CultureInfo.InvariantCulture) : null;
            ClipDeepPromptOptions options = Options();
            options.Validate();
            option.SetValue(options, wrong);
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(options.Validate, option.Name).Message, $"Option {option.Name}: expected ");
        }
        ClipDeepPromptOptions bad = Options();
        bad.Templates = ["no place for a name"];
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(bad.Validate).Message, "no place for a name");
    }
}
