using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

/// <summary>What projection keeps of old tasks, end to end through the network, and what it does not promise.</summary>
[TestClass]
public sealed class PegpProjectionTests
{
    // Two old images of two tokens span at most 4 of 24 channels in a block: there is room to learn in.
    private const int Width = 24;

    private static readonly PgpOptions s_exact = new() { Energy = 1, PerHead = true, ProjectValuePrefixes = true };

    private static VisionTransformer Network(int depth = 5)
    {
        using DisposeScope scope = NewDisposeScope();
        var random = new SeededRandom(3);
        var config = new VisionTransformerConfig(ImageSize: 4, PatchSize: 4, Width: Width, Depth: depth, Heads: 2, MlpWidth: 32);
        return VisionTransformer.FromTensors(config.TensorShapes().OrderBy(s => s.Key, StringComparer.Ordinal).ToDictionary(
            s => s.Key, s => random.UniformTensor(-0.4, 0.4, s.Value) + (s.Key.Contains("norm", StringComparison.Ordinal) && s.Key.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0), StringComparer.Ordinal), config);
    }

    /// <summary>Two tasks; the second pulls with Adam at everything. By how much the old images' class features moved, and the second task's loss before and after.</summary>
    private static (double Moved, double Before, double After) TwoTasks(PeftOptions options, PgpOptions? projection)
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer network = Network();
        options.Backbone = network;
        var random = new SeededRandom(8);
        Tensor old = random.UniformTensor(-1, 1, 2, 3, 4, 4), later = random.UniformTensor(-1, 1, 8, 3, 4, 4);
        using ContinualMethod method = options.CreateMethod(new SeededRandom(5));
        using var constraint = (GradientProjection?)projection?.CreateConstraint();
        constraint?.Attach(method);
        Tensor labels = tensor(new long[] { 2, 3, 2, 3, 2, 3, 2, 3 });
        Loop.Train(method, constraint, 0, old, 20, classes: ([0, 1], 2), labels: tensor(new long[] { 0, 1 }));
        Tensor before = Score(method, old);
        double start = 0;
        Loop.Train(method, constraint, 1, later, 1, classes: ([2, 3], 4), labels: labels);
        start = Loss(method, later, labels);
        Loop.Train(method, constraint, 2, later, 40, classes: ([2, 3], 4), labels: labels);
        return (Loop.Relative(before, Score(method, old).narrow(1, 0, 2)), start, Loss(method, later, labels));
    }

    private static Tensor Score(ContinualMethod method, Tensor images)
    {
        using IScorer scorer = method.CreateScorer();
        return scorer.Score(images);
    }

    private static double Loss(ContinualMethod method, Tensor images, Tensor labels)
    {
        using DisposeScope scope = NewDisposeScope();
        return nn.functional.cross_entropy(Score(method, images).narrow(1, 2, 2), labels - 2).item<float>();
    }

    private static PeftOptions Make(string kind) => kind switch
    {
        "adapter" => new AdapterOptions { Rank = 12 },
        "lora" => new LoraOptions { Rank = 12 },
        "lora parts" => new LoraOptions { Rank = 12, Targets = LoraTargets.Query | LoraTargets.Value | LoraTargets.Fc1 },
        "prefix" => new PrefixOptions { Length = 24 },
        "prefix frozen values" => new PrefixOptions { Length = 4, FreezeValues = true },
        _ => throw new ArgumentException(kind),
    };

    [TestMethod]
    [DataRow("adapter")]
    [DataRow("lora")]
    [DataRow("lora parts")]
    [DataRow("prefix")]
    [DataRow("prefix frozen values")]
    public void Old_logits_stay_through_all_blocks_while_the_new_loss_falls(string kind)
    {
        (double moved, double before, double after) = TwoTasks(Make(kind), s_exact);
        (double free, _, _) = TwoTasks(Make(kind), null);
        Assert.IsLessThan(1e-4, moved, "with projection");
        Assert.IsGreaterThan(1e-3, free, "without projection");
        Assert.IsGreaterThan(20 * moved, free);
        Assert.IsLessThan(before, after);
    }

    [TestMethod]
    public void Attention_of_old_queries_on_prefix_keys_stays_head_by_head_and_not_by_one_basis_for_all_heads()
    {
        double perHead = MovedAttention(new PgpOptions { Energy = 1, PerHead = true }), joined = MovedAttention(new PgpOptions { Energy = 1 });
        Assert.IsLessThan(1e-5, perHead);
        Assert.IsGreaterThan(100 * perHead, joined);
    }

    /// <summary>By how much q · kᵀ of old queries on the prefix keys moves in a second task, in the worst head of the first block, relative to the largest.</summary>
    private static double MovedAttention(PgpOptions projection)
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer network = Network(depth: 1);
        var random = new SeededRandom(8);
        Tensor old = random.UniformTensor(-1, 1, 2, 3, 4, 4), later = random.UniformTensor(-1, 1, 8, 3, 4, 4);
        using ContinualMethod method = new PrefixOptions { Backbone = network, Length = 6 }.CreateMethod(new SeededRandom(5));
        using var constraint = (GradientProjection)projection.CreateConstraint();
        constraint.Attach(method);
        Loop.Train(method, constraint, 0, old, 20, classes: ([0, 1], 2), labels: tensor(new long[] { 0, 1 }));
        Tensor before = Products();
        Loop.Train(method, constraint, 1, later, 40, classes: ([2, 3], 4), labels: tensor(new long[] { 2, 3, 2, 3, 2, 3, 2, 3 }));
        return ((Products() - before).abs().max() / before.abs().max()).item<double>();

        Tensor Products()
        {
            Tensor queries = method.CollectActivations(old, ["block0.prefix.key"])["block0.prefix.key"].to(ScalarType.Float64);   // [B, T, D]
            Tensor keys = method.Sites.Single(s => s.Name == "block0.prefix.key").Parameter.detach().to(ScalarType.Float64);      // [L, D]
            // [B, T, H, d] · [L, H, d] -> [B, T, H, L]
            return einsum("bthd,lhd->bthl", queries.view(2, -1, 2, Width / 2), keys.view(-1, 2, Width / 2));
        }
    }

    [TestMethod]
    public void The_second_phase_gives_up_what_the_projection_kept()
    {
        // The loop of these tests has one phase; what the merge puts in is outside of the free space in general.
        using VisionTransformer network = Network(depth: 1);
        var options = new AdapterOptions { Backbone = network, Epochs = 5 };
        using DisposeScope scope = NewDisposeScope();
        Assert.AreEqual((3, 1, 1.0, true), (options.UseReleasedCode().FrozenEpochs, options.PlasticityEpochs, options.MergeOffset, options.LearnableScale));
        using var method = (PeftMethod)options.CreateMethod(new SeededRandom(5));
        method.BeginTask(new MethodTask(0, [0], 1, 4, new SeededRandom(1)));
        method.BeginEpoch(0);
        Assert.AreEqual((0, true), (method.ExtraEpochs, method.IsConstrained), "the first task has one phase and trains at once");
        method.EndTask();
        method.BeginTask(new MethodTask(1, [1], 2, 4, new SeededRandom(2)));
        Assert.AreEqual(1, method.ExtraEpochs);
        var constrained = new List<bool>();
        for (int epoch = 0; epoch < 6; epoch++)
        {
            method.BeginEpoch(epoch);
            constrained.Add(method.IsConstrained);
        }
        CollectionAssert.AreEqual(new[] { false, false, false, true, true, false }, constrained);
    }

    [TestMethod]
    public void Principal_scores_make_the_released_codes_directions_the_first_axes()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer network = Network(depth: 2);
        using ContinualMethod method = new AdapterOptions { Backbone = network }.CreateMethod(new SeededRandom(5));
        using var projection = (GradientProjection)PgpOptions.PegpAdapterReference.CreateConstraint();
        projection.Attach(method);
        var random = new SeededRandom(4);
        for (int task = 0; task < 3; task++) Loop.Train(method, projection, task, random.UniformTensor(-1, 1, 12, 3, 4, 4), 2, classes: ([0, 1], 2));
        foreach ((string site, SubspaceBasis basis) in projection.Bases)
        {
            Assert.IsGreaterThan(0, basis.Rank, site);
            double[] diagonal = basis.Projector().Diagonal().ToArray();
            for (int i = 0; i < diagonal.Length; i++) Assert.AreEqual(i < basis.Rank ? 1 : 0, diagonal[i], 1e-6, $"{site}, channel {i}");
        }
    }

    [TestMethod]
    public void The_first_task_is_the_same_with_and_without_a_projection()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer network = Network(depth: 2);
        Tensor images = new SeededRandom(4).UniformTensor(-1, 1, 8, 3, 4, 4);
        var ends = new List<float[]>();
        foreach (PgpOptions? options in new[] { null, PgpOptions.Pegp, PgpOptions.PegpLoraReference })
        {
            using ContinualMethod method = new LoraOptions { Backbone = network }.CreateMethod(new SeededRandom(5));
            using var projection = (GradientProjection?)options?.CreateConstraint();
            projection?.Attach(method);
            Loop.Train(method, projection, 0, images, 5);
            ends.Add([.. method.Parameters.SelectMany(p => p.Value.detach().clone().data<float>().ToArray())]);
        }
        CollectionAssert.AreEqual(ends[0], ends[1]);
        CollectionAssert.AreEqual(ends[0], ends[2]);
    }
}
