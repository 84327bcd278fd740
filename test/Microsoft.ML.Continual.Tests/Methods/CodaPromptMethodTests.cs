using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.CodaPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.ML.Continual.Tests.Conformance;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>What CODA-Prompt promises, step by step and over whole tasks.</summary>
[TestClass]
public sealed class CodaPromptMethodTests
{
    private readonly MLContext _mlContext = new(1);

    private static CodaPromptOptions Small => new() { ComponentsPerTask = 3, PromptLength = 4, Blocks = [0, 2] };

    private IDataView View(int seed, params string[] labels) => TinyImages.View(_mlContext, 5, seed, labels);

    [TestMethod]
    public void A_task_trains_its_own_components_and_the_classifier_and_nothing_else()
    {
        using var bench = new MethodBench(Small);
        bench.BeginTask(0, [0, 1], 2);
        string[] names = ["e_p_0", "e_k_0", "e_a_0", "e_p_2", "e_k_2", "e_a_2", "head.weight", "head.bias"];
        CollectionAssert.AreEqual(names, bench.Method.Parameters.Select(p => p.Name).ToArray());
        CollectionAssert.AreEqual(new long[] { 3, 4, 16 }, bench.Parameter("e_p_0").shape);
        CollectionAssert.AreEqual(new long[] { 3, 16 }, bench.Parameter("e_k_2").shape);
        bench.Step(bench.Batch([0, 1, 0]));
        foreach (TrainableParameter p in bench.Method.Parameters) Assert.IsNotNull(p.Value.grad, p.Name);
        bench.Method.EndTask();
        bench.BeginTask(1, [2], 3);
        CollectionAssert.AreEqual(new long[] { 3, 4, 16 }, bench.Parameter("e_p_0").shape);
        Assert.IsEmpty(bench.Method.Sites);
    }

    [TestMethod]
    public void Rows_of_old_tasks_keep_their_bits_whatever_the_optimiser_does()
    {
        using var backbone = TinyVit.Create();
        CodaPromptOptions options = CodaPromptConformanceTests.Options(backbone);
        (options.Optimizer, options.WeightDecay, options.OrthogonalityWeight) = (OptimizerKind.AdamW, 0.5, 1);
        using ContinualTrainer trainer = _mlContext.Continual().PromptTuning(options);
        trainer.Fit(View(1, "cat", "dog")).Dispose();
        string[] names = ["e_p_0", "e_k_0", "e_a_0", "e_p_1", "e_k_1", "e_a_1"];
        float[][] before = [.. names.Select(Rows)];
        trainer.Fit(View(1, "fox", "elk")).Dispose();
        for (int i = 0; i < names.Length; i++)
        {
            CollectionAssert.AreEqual(before[i], Rows(names[i])[..before[i].Length], names[i]);
            Assert.HasCount(2 * before[i].Length, Rows(names[i]));
        }

        float[] Rows(string name) => MethodBench.Values(trainer.State!.Method.Get(name, null));
    }

    [TestMethod]
    public void Old_rows_of_the_classifier_keep_their_bits_without_weight_decay()
    {
        using var backbone = TinyVit.Create();
        using ContinualTrainer trainer = _mlContext.Continual().PromptTuning(CodaPromptConformanceTests.Options(backbone));
        trainer.Fit(View(1, "cat", "dog")).Dispose();
        float[] before = MethodBench.Values(trainer.State!.Method.Get("head.weight", null));
        trainer.Fit(View(1, "fox", "elk")).Dispose();
        CollectionAssert.AreEqual(before, MethodBench.Values(trainer.State!.Method.Get("head.weight", null))[..before.Length]);
    }

    [TestMethod]
    public void New_rows_start_orthonormal_in_every_task_and_orthogonal_to_the_old()
    {
        using var bench = new MethodBench(Small);
        using DisposeScope scope = NewDisposeScope();
        var old = new Dictionary<string, Tensor>();
        for (int task = 0; task < 3; task++)
        {
            bench.BeginTask(task, [task], task + 1);
            foreach (TrainableParameter p in bench.Method.Parameters.Where(p => p.Name.StartsWith("e_", StringComparison.Ordinal)))
            {
                Tensor rows = p.Value.detach().clone().flatten(1);
                Assert.IsLessThan(1e-5, (rows.mm(rows.t()) - eye(3)).abs().max().item<float>(), p.Name);
                if (old.TryGetValue(p.Name, out Tensor? known)) Assert.IsLessThan(1e-5, rows.mm(known.t()).abs().max().item<float>(), p.Name);
            }
            for (int i = 0; i < 3; i++) bench.Step(bench.Batch([task, task, task], seed: i));
            foreach (TrainableParameter p in bench.Method.Parameters.Where(p => p.Name.StartsWith("e_", StringComparison.Ordinal)))
            {
                Tensor rows = p.Value.detach().clone().flatten(1);
                old[p.Name] = old.TryGetValue(p.Name, out Tensor? known) ? cat([known, rows], 0) : rows;
            }
            bench.Method.EndTask();
        }
    }

    [TestMethod]
    public void The_loss_has_the_orthogonality_of_all_rows_old_and_new()
    {
        CodaPromptOptions options = Small;
        options.OrthogonalityWeight = 2;
        using var bench = new MethodBench(options);
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0], 1);
        LossTerms terms = bench.Method.ComputeLoss(bench.Batch([0, 0]));
        Assert.AreEqual(0, (terms.Total - terms.CrossEntropy).item<float>(), 1e-6, "orthonormal rows at the start");
        using (no_grad()) bench.Parameter("e_k_0").mul_(2);   // K Kᵀ − I = 3 I: the mean of 9 thirds
        terms = bench.Method.ComputeLoss(bench.Batch([0, 0]));
        Assert.AreEqual(2 * 3, (terms.Total - terms.CrossEntropy).item<float>(), 1e-4);
        bench.Method.EndTask();
        bench.BeginTask(1, [1], 2);
        terms = bench.Method.ComputeLoss(bench.Batch([1, 1]));
        Assert.AreEqual(2 * (9.0 * 3 / 36), (terms.Total - terms.CrossEntropy).item<float>(), 1e-4, "three of six rows, in the mean of 36 entries");
    }

    [TestMethod]
    public void A_model_scores_with_the_components_of_all_tasks()
    {
        using var bench = new MethodBench(Small);
        using DisposeScope scope = NewDisposeScope();
        Tensor images = RandomTransformer.Images(3);
        bench.BeginTask(0, [0, 1], 2);
        float[] inTask = Score(), old;
        bench.Method.EndTask();
        CollectionAssert.AreEqual(inTask, old = Score(), "ending a task changes no score");
        bench.BeginTask(1, [1], 2);   // a class that comes again: the classifier stays, the components are more
        CollectionAssert.AreNotEqual(old, Score());
        // Prefixes of zeros still take a share of the attention: the plain network it is not.
        using (no_grad()) bench.Parameter("e_p_0").zero_();
        Tensor zero = CodaPromptNetwork.Features(bench.Backbone, [new ComponentTensors(0, zeros(3, 4, 16), ones(3, 16), ones(3, 16))], bench.Backbone.EmbedPatches(images), bench.Backbone.ClassFeature(images));
        Assert.IsGreaterThan(1e-3, RandomTransformer.Difference(zero, bench.Backbone.ClassFeature(images)));

        float[] Score()
        {
            using IScorer scorer = bench.Method.CreateScorer();
            return MethodBench.Values(scorer.Score(images));
        }
    }

    [TestMethod]
    public void Queries_of_a_deterministic_view_are_computed_once()
    {
        using var bench = new MethodBench(Small);
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0, 1], 2);
        ImageBatch first = bench.Batch([0, 1, 0], seed: 1, deterministic: true), others = bench.Batch([0, 1, 0], seed: 2, deterministic: true);
        bench.Method.ComputeLoss(first);
        float[] remembered = MethodBench.Values(bench.Method.ComputeLoss(others).Logits), fresh = MethodBench.Values(bench.Method.ComputeLoss(others with { IsDeterministic = false }).Logits);
        CollectionAssert.AreNotEqual(fresh, remembered, "the same rows: the queries are those of the first images");
    }

    [TestMethod]
    public void A_task_in_progress_goes_on_with_the_queries_it_has_computed()
    {
        using var bench = new MethodBench(Small);
        using var other = new MethodBench(Small);
        using DisposeScope scope = NewDisposeScope();
        ImageBatch first = bench.Batch([0, 1, 0], seed: 1, deterministic: true), others = bench.Batch([0, 1, 0], seed: 2, deterministic: true);
        bench.BeginTask(0, [0, 1], 2);
        bench.Method.ComputeLoss(first);
        using var progress = new StateDictionary();
        bench.Method.SaveProgress(progress);
        other.BeginTask(0, [0, 1], 2);
        other.Method.LoadProgress(progress);
        CollectionAssert.AreEqual(MethodBench.Values(bench.Method.ComputeLoss(others).Logits), MethodBench.Values(other.Method.ComputeLoss(others).Logits));
        other.BeginTask(0, [0, 1], 2, imageCount: 2);   // fewer images than the three that were seen
        Assert.ThrowsExactly<InvalidDataException>(() => other.Method.LoadProgress(progress));
        using var nothing = new StateDictionary();
        other.Method.LoadProgress(nothing);   // random views keep no queries
    }

    [TestMethod]
    public void Training_lowers_the_loss()
    {
        using var bench = new MethodBench(Small);
        using DisposeScope scope = NewDisposeScope();
        bench.BeginTask(0, [0, 1], 2);
        ImageBatch batch = bench.Batch([0, 1, 0, 1]);
        double before = bench.Method.ComputeLoss(batch).Total.item<float>();
        for (int i = 0; i < 30; i++) bench.Step(batch);
        Assert.IsLessThan(before / 2, bench.Method.ComputeLoss(batch).Total.item<float>());
    }

    [TestMethod]
    public void Options_out_of_range_are_named()
    {
        using var backbone = RandomTransformer.Create();
        foreach ((string name, Action<CodaPromptOptions> spoil) in new (string, Action<CodaPromptOptions>)[]
        {
            ("ComponentsPerTask", o => o.ComponentsPerTask = 0), ("ComponentsPerTask", o => o.ComponentsPerTask = 17), ("PromptLength", o => o.PromptLength = 3), ("PromptLength", o => o.PromptLength = 0),
            ("Blocks", o => o.Blocks = []), ("Blocks", o => o.Blocks = [0, 3]), ("Blocks", o => o.Blocks = [1, 1]), ("Blocks", o => o.Blocks = null!),
            ("OrthogonalityWeight", o => o.OrthogonalityWeight = -1), ("Start", o => o.Start = (ComponentStart)9), ("ClassMask", o => o.ClassMask = (ClassMask)9),
        })
        {
            CodaPromptOptions options = Small;
            options.Backbone = backbone;
            spoil(options);
            Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentException>(options.Validate).ParamName);
        }
    }

    [TestMethod]
    public void Recipes_divide_a_hundred_components_by_their_tasks()
    {
        CodaPromptOptions cifar = new(Recipe.SplitCifar100), imageNetR = new(Recipe.SplitImageNetR), twenty = new(Recipe.SplitCifar100In20Tasks);
        Assert.AreEqual((20, 10, 0.08, false), (cifar.Epochs, cifar.ComponentsPerTask, cifar.TrainingView.MinimumArea, cifar.EvaluationView.Crop));
        Assert.AreEqual((50, 10, true), (imageNetR.Epochs, imageNetR.ComponentsPerTask, imageNetR.EvaluationView.Crop));
        Assert.AreEqual(5, twenty.ComponentsPerTask);
        Assert.ThrowsExactly<ArgumentException>(() => new CodaPromptOptions(Recipe.SplitCub200));
    }

    [TestMethod]
    public void A_state_of_other_sizes_is_refused_and_changes_nothing()
    {
        using var bench = new MethodBench(Small);
        CodaPromptOptions other = Small;
        other.PromptLength = 2;
        using var shorter = new MethodBench(other);
        bench.BeginTask(0, [0, 1], 2);
        using var state = new StateDictionary();
        bench.Method.SaveState(state);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => shorter.Method.LoadState(state)).Message, "e_p_0");
        Assert.AreEqual(0, shorter.Method.ClassCount);
    }
}
