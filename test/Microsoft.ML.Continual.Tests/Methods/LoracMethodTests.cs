using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.Lorac;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

[TestClass]
public sealed class LoracMethodTests
{
    private static readonly int[] s_first = [0, 1, 0, 1, 0, 1], s_second = [2, 3, 2, 3, 2, 3], s_third = [4, 5, 4, 5, 4, 5];

    private static LoracOptions Options(double frozenShare = 0.25) => new()
    {
        Rank = 2, FrozenShare = frozenShare, Alignment = new ClassifierAlignmentOptions { Centroids = 2, Epochs = 2, Samples = 8 }, TaskInference = new TaskInferenceOptions { Clusters = 2 },
    };

    private static LoracMethod Method(MethodBench bench) => (LoracMethod)bench.Method;

    private static void Learn(MethodBench bench, int index, int[] labels, bool conclude = true, int steps = 3)
    {
        bench.BeginTask(index, [.. labels.Distinct().Order()], labels.Max() + 1, labels.Length);
        Train(bench, index, labels, steps);
        bench.Method.FinishTraining();
        if (conclude) bench.Method.Conclude(Finished(bench, index, labels));
        bench.Method.EndTask();
    }

    private static void Train(MethodBench bench, int index, int[] labels, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            bench.ZeroGradients();
            bench.Method.ComputeLoss(bench.Batch(labels, seed: 20 + index)).Total.backward();
            bench.Method.AfterBackward();
            using IDisposable frozen = no_grad();
            foreach (TrainableParameter p in bench.Method.Parameters)
                if (p.Value.grad is { } gradient) p.Value.sub_(gradient * (0.05 * p.LearningRateScale));
        }
    }

    private static FinishedTask Finished(MethodBench bench, int index, int[] labels) =>
        new(labels.Length, _ => [bench.Batch(labels, seed: 20 + index)], new SeededRandom(50 + index), _ => { });

    private static LoracScorer Scorer(MethodBench bench) => (LoracScorer)bench.Method.CreateScorer();

    [TestMethod]
    [DataRow(0)]
    [DataRow(0.25)]
    public void A_new_task_begins_where_the_last_one_ended(double frozenShare)
    {
        using var bench = new MethodBench(Options(frozenShare));
        using DisposeScope scope = NewDisposeScope();
        Tensor images = RandomTransformer.Images(3);
        AssertTraining(bench.Backbone.Forward(images).squeeze(1));
        Learn(bench, 0, s_first);
        using LoracScorer scorer = Scorer(bench);
        AssertTraining(scorer.Features(images, 0));
        AssertTraining(bench.Backbone.Forward(images).squeeze(1), differs: true);

        void AssertTraining(Tensor expected, bool differs = false)
        {
            bench.BeginTask(bench.Method.ClassCount == 0 ? 0 : 1, [bench.Method.ClassCount], bench.Method.ClassCount + 1);
            Tensor found = bench.Backbone.Forward(images, new BlockEdits { Linears = Method(bench).Composition.Train(frozenShare > 0 ? new Tensor?[18] : null).Edits }).squeeze(1);
            double difference = RandomTransformer.Difference(found, expected);
            Assert.IsTrue(differs ? difference > 1e-4 : difference < 1e-5, $"difference {difference:g3}");
            bench.Method.LoadState(Saved(bench));
        }
    }

    [TestMethod]
    public void Updates_and_factors_of_old_tasks_keep_their_bits_and_so_does_what_they_compute()
    {
        using var bench = new MethodBench(Options());
        using DisposeScope scope = NewDisposeScope();
        Tensor images = RandomTransformer.Images(3);
        Learn(bench, 0, s_first);
        LoracMatrix matrix = Method(bench).Composition.Matrices.First(m => !m.IsFrozen);
        float[] down = MethodBench.Values(matrix.Factors.Downs[0]), up = MethodBench.Values(matrix.Factors.Ups[0]);
        using LoracScorer one = Scorer(bench);
        Learn(bench, 1, s_second);
        using LoracScorer two = Scorer(bench);
        Learn(bench, 2, s_third);
        using LoracScorer three = Scorer(bench);
        CollectionAssert.AreEqual(down, MethodBench.Values(matrix.Factors.Downs[0]));
        CollectionAssert.AreEqual(up, MethodBench.Values(matrix.Factors.Ups[0]));
        CollectionAssert.AreEqual(MethodBench.Values(one.Features(images, 0)), MethodBench.Values(three.Features(images, 0)));
        CollectionAssert.AreEqual(MethodBench.Values(two.Features(images, 1)), MethodBench.Values(three.Features(images, 1)));
        Assert.IsTrue(up.Any(v => v != 0), "it has learned");
        foreach (LoracMatrix each in Method(bench).Composition.Matrices)
            for (int task = 0; task < 3; task++) Assert.AreEqual(1f, MethodBench.Values(each.Factors.Bank[task])[task]);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_frozen_matrix_stays_as_it_is_unless_keys_go_by_their_queries(bool keysUseQueryMask)
    {
        LoracOptions options = Options();
        options.KeysUseQueryMask = keysUseQueryMask;
        using var bench = new MethodBench(options);
        using DisposeScope scope = NewDisposeScope();
        Learn(bench, 0, s_first, conclude: false);
        LoracMatrix[] matrices = [.. Method(bench).Composition.Matrices];
        // Keys of the first block frozen, their queries not.
        foreach (LoracMatrix matrix in matrices) matrix.IsFrozen = matrix.Map is LoracMap.Key or LoracMap.Fc1 && matrix.Block == 0;
        LoracMatrix keys = matrices.Single(m => m.Map == LoracMap.Key && m.Block == 0), fc1 = matrices.Single(m => m.Map == LoracMap.Fc1 && m.Block == 0), queries = matrices.Single(m => m.Map == LoracMap.Query && m.Block == 0);
        Learn(bench, 1, s_second, conclude: false);
        Assert.AreEqual(!keysUseQueryMask, Same(keys));
        Assert.IsTrue(Same(fc1));
        Assert.IsFalse(Same(queries));
        Assert.HasCount(1, fc1.Factors.Downs, "it has no second pair");

        static bool Same(LoracMatrix matrix) => MethodBench.Values(matrix.Merged(0)).SequenceEqual(MethodBench.Values(matrix.Merged(1)));
    }

    [TestMethod]
    public void Each_task_freezes_so_many_more_until_none_is_left()
    {
        using var bench = new MethodBench(Options(0.4));
        int[] counts = new int[4];
        for (int task = 0; task < 4; task++)
        {
            Learn(bench, task, [2 * task, 2 * task + 1], conclude: false, steps: 1);
            counts[task] = Method(bench).Composition.Matrices.Count(m => m.IsFrozen);
        }
        CollectionAssert.AreEqual(new[] { 7, 14, 18, 18 }, counts);   // of 18
    }

    [TestMethod]
    public void Measuring_importance_without_freezing_changes_nothing()
    {
        using var with = new MethodBench(Options(0.01));   // 0.18 of a matrix: none
        using var without = new MethodBench(Options(0));
        foreach (MethodBench bench in new[] { with, without })
        {
            Learn(bench, 0, s_first, conclude: false);
            Learn(bench, 1, s_second, conclude: false);
        }
        using LoracScorer a = Scorer(with), b = Scorer(without);
        using DisposeScope scope = NewDisposeScope();
        Assert.IsLessThan(1e-4, RandomTransformer.Difference(a.Score(RandomTransformer.Images(3)), b.Score(RandomTransformer.Images(3))));
    }

    [TestMethod]
    public void Turning_all_down_projections_alike_leaves_the_penalty()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor turn = LoracMatrix.Orthonormal(new SeededRandom(8).NormalTensor(16, 16));
        Assert.AreEqual(Penalty(null), Penalty(turn), 1e-3);

        static double Penalty(Tensor? turn)
        {
            LoracOptions options = Options(0);
            options.Placement = LoracPlacement.Qkvo;
            using var bench = new MethodBench(options);
            for (int task = 0; task < 2; task++)
            {
                var random = new SeededRandom(task);
                Method(bench).InitialDown = m => turn is null ? random.NormalTensor(m.Inputs, 2) : turn.mm(random.NormalTensor(m.Inputs, 2));
                bench.BeginTask(task, [task], task + 1);
                if (task == 0) bench.Method.EndTask();
            }
            return Method(bench).Composition.Train(null).Penalty!.item<float>();
        }
    }

    [TestMethod]
    public void Alignment_moves_the_classifier_and_nothing_else()
    {
        using var bench = new MethodBench(Options());
        Learn(bench, 0, s_first);
        bench.BeginTask(1, [2, 3], 4, 6);
        Train(bench, 1, s_second, 2);
        bench.Method.FinishTraining();
        using StateDictionary before = Saved(bench);
        bench.Method.Conclude(Finished(bench, 1, s_second));
        bench.Method.EndTask();
        using StateDictionary after = Saved(bench);
        string[] changed = [.. before.Tensors.Keys.Where(name => !name.StartsWith("alignment.", StringComparison.Ordinal) && !name.StartsWith("clusters.", StringComparison.Ordinal)
            && !MethodBench.Values(before.Tensors[name]).SequenceEqual(MethodBench.Values(after.Tensors[name])))];
        CollectionAssert.AreEquivalent(new[] { "head.bias", "head.weight" }, changed);
    }

    [TestMethod]
    public void Images_are_scored_by_the_composition_of_the_task_that_is_inferred_or_known()
    {
        using var bench = new MethodBench(Options());
        using DisposeScope scope = NewDisposeScope();
        Learn(bench, 0, s_first);
        using LoracScorer single = Scorer(bench);
        Assert.IsTrue(single.InferTasks(RandomTransformer.Images(4)).All(task => task == 0), "there is one task");
        Learn(bench, 1, s_second);
        using LoracScorer scorer = Scorer(bench);
        Tensor images = cat([bench.Batch(s_first, seed: 20).Images, bench.Batch(s_second, seed: 21).Images], 0);   // the training images: their clusters are theirs
        int[] tasks = scorer.InferTasks(images);
        CollectionAssert.AreEqual(new[] { 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1 }, tasks);
        Tensor expected = cat([scorer.Score(images.narrow(0, 0, 6), 0), scorer.Score(images.narrow(0, 6, 6), 1)], 0);
        Assert.IsLessThan(1e-5, RandomTransformer.Difference(scorer.Score(images), expected));
        Assert.IsGreaterThan(1e-4, RandomTransformer.Difference(scorer.Score(images, 0), expected));
    }

    [TestMethod]
    public void A_task_in_progress_goes_on_from_its_statistics()
    {
        using var straight = new MethodBench(Options());
        using var resumed = new MethodBench(Options());
        foreach (MethodBench bench in new[] { straight, resumed })
        {
            bench.BeginTask(0, [0, 1], 2);
            Train(bench, 0, s_first, 2);
        }
        using var progress = new StateDictionary();
        resumed.Method.SaveProgress(progress);
        Dictionary<string, Tensor> values = resumed.Method.Parameters.ToDictionary(p => p.Name, p => p.Value.detach().clone());
        resumed.BeginTask(0, [0, 1], 2);
        using (IDisposable frozen = no_grad())
            foreach (TrainableParameter p in resumed.Method.Parameters) p.Value.copy_(values[p.Name]);
        resumed.Method.LoadProgress(progress);
        foreach (MethodBench bench in new[] { straight, resumed })
        {
            Train(bench, 0, s_first, 1);
            bench.Method.FinishTraining();
        }
        CollectionAssert.AreEqual(Method(straight).Importance.Scores(), Method(resumed).Importance.Scores());
        foreach (Tensor value in values.Values) value.Dispose();
        progress.Dispose();
        using var empty = new StateDictionary();
        Assert.ThrowsExactly<InvalidDataException>(() => resumed.Method.LoadProgress(empty));
    }

    [TestMethod]
    public void A_state_of_other_sizes_is_refused_by_name()
    {
        using var bench = new MethodBench(Options());
        Learn(bench, 0, s_first);
        using StateDictionary state = Saved(bench);
        Refused(options => options.Rank = 3, "q_lora_A");
        Refused(options => options.Placement = LoracPlacement.Qkvo, "Placement");
        Refused(options => options.FirstBlock = 1, "FirstBlock");
        Refused(options => options.Alignment = options.Alignment! with { Statistics = AlignmentStatistics.Covariance }, "Centroids");
        state.Values.Remove("alignment");
        Refused(_ => { }, "trained without");
        Refused(options => options.Alignment = null, null);

        void Refused(Action<LoracOptions> change, string? expected)
        {
            LoracOptions options = Options();
            change(options);
            using var other = new MethodBench(options);
            if (expected is null) other.Method.LoadState(state);
            else StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => other.Method.LoadState(state)).Message, expected);
        }
    }

    [TestMethod]
    public void A_bfloat16_backbone_keeps_float32_updates()
    {
        using var bench = new MethodBench(Options(), ScalarType.BFloat16);
        Learn(bench, 0, s_first);
        Learn(bench, 1, s_second);
        using DisposeScope scope = NewDisposeScope();
        using LoracScorer scorer = Scorer(bench);
        Tensor logits = scorer.Score(bench.Batch(s_first).Images);
        Assert.AreEqual(ScalarType.Float32, logits.dtype);
        Assert.IsTrue(logits.isfinite().all().item<bool>());
        Assert.AreEqual(ScalarType.Float32, Method(bench).Composition.Matrices[0].Factors.Downs[0].dtype);
    }

    [TestMethod]
    [DataRow("Rank", 0)]
    [DataRow("Rank", 17)]
    [DataRow("FirstBlock", 3)]
    [DataRow("BlockCount", 4)]
    [DataRow("OrthogonalityWeight", -1.0)]
    [DataRow("OmegaLearningRateScale", 0.0)]
    [DataRow("FrozenShare", 1.5)]
    [DataRow("ImportanceDecay", 1.0)]
    [DataRow("UncertaintyDecay", -0.1)]
    [DataRow("MergedCompositions", -1)]
    public void An_option_out_of_range_is_named(string option, object value)
    {
        var options = Options();
        using VisionTransformer backbone = RandomTransformer.Create();
        options.Backbone = backbone;
        typeof(LoracOptions).GetProperty(option)!.SetValue(options, value);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(options.Validate).Message, option);
    }

    [TestMethod]
    public void Options_of_parts_are_checked_with_the_rest()
    {
        using VisionTransformer backbone = RandomTransformer.Create();
        var options = new LoracOptions { Backbone = backbone, Rank = 2, Alignment = new ClassifierAlignmentOptions { Centroids = 0 } };
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(options.Validate).Message, "Alignment.Centroids");
        options = new LoracOptions { Backbone = backbone, Rank = 2, TaskInference = new TaskInferenceOptions { Shrinkage = 0 } };
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(options.Validate).Message, "TaskInference.Shrinkage");
    }

    [TestMethod]
    public void Recipes_and_protocols_are_told_apart()
    {
        var imageNetR = new LoracOptions(Recipe.SplitImageNetR);
        Assert.AreEqual((32, 50, 1.0, 128, 0.0015), (imageNetR.Rank, imageNetR.Epochs, imageNetR.OrthogonalityWeight, imageNetR.BatchSize, imageNetR.LearningRate));
        Assert.AreEqual(16, new LoracOptions(Recipe.SplitCifar100In20Tasks).Rank);
        Assert.AreEqual("recipe", Assert.ThrowsExactly<ArgumentException>(() => new LoracOptions(Recipe.SplitTinyImageNet)).ParamName);
        LoracOptions options = Options();
        Assert.AreEqual("each image by itself", options.Protocol);
        options.TaskInference = new TaskInferenceOptions { BatchVote = true };
        StringAssert.Contains(options.Protocol, "leaks the task");
        options.UseReleasedCode();
        Assert.IsTrue(options.KeysUseQueryMask && options.ReferenceFreezing && options.Alignment!.DrawAll && options.TaskInference.ReferenceCovariance && options.TaskInference.BatchVote);
    }

    private static StateDictionary Saved(MethodBench bench)
    {
        var state = new StateDictionary();
        bench.Method.SaveState(state);
        return state;
    }
}
