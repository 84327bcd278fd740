using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Projection;

/// <summary>DualPrompt on a small vision transformer whose patches of 3·2·2 numbers cannot fill its 32 dimensions, so that block 0's queries leave room.</summary>
[TestClass]
public sealed class DualPromptProjectionTests
{
    private const int Width = 32, Heads = 2, HeadWidth = Width / Heads, MemoryImages = 20;

    private static VisionTransformer Backbone()
    {
        var config = new VisionTransformerConfig(ImageSize: 4, PatchSize: 2, Width: Width, Depth: 3, Heads: Heads, MlpWidth: 48);
        var random = new SeededRandom(7);
        using DisposeScope scope = NewDisposeScope();
        var weights = config.TensorShapes().ToDictionary(s => s.Key, s => s.Key.EndsWith("norm1.weight", StringComparison.Ordinal) || s.Key.EndsWith("norm2.weight", StringComparison.Ordinal) || s.Key == "norm.weight"
            ? ones(s.Value) : random.UniformTensor(-0.3, 0.3, s.Value), StringComparer.Ordinal);
        // Queries of rank 6 in each head: 16 − 6 directions of a head stay free, whatever the images.
        Tensor queries = weights["blocks.0.attn.qkv.weight"].narrow(0, 0, Width);
        for (int h = 0; h < Heads; h++)
            queries.narrow(0, h * HeadWidth, HeadWidth).copy_(random.UniformTensor(-1, 1, HeadWidth, 5).matmul(random.UniformTensor(-0.3, 0.3, 5, Width)));
        return VisionTransformer.FromTensors(weights, config, CPU);
    }

    private static DualPromptMethod Method(VisionTransformer backbone, Action<DualPromptOptions>? change = null)
    {
        var options = new DualPromptOptions { Backbone = backbone, PoolSize = 2, GPromptLength = 4, EPromptLength = 2, GBlocks = [0], EBlocks = [1] };
        change?.Invoke(options);
        return (DualPromptMethod)options.CreateMethod(new SeededRandom(3));
    }

    private static Tensor Images(int task) => new SeededRandom(50 + task).UniformTensor(0, 1, MemoryImages, 3, 4, 4);

    private static void Train(DualPromptMethod method, UpdateConstraint? constraint, int task, int steps)
    {
        int[] own = [2 * task, 2 * task + 1];
        Tensor labels = tensor(Enumerable.Range(0, MemoryImages).Select(i => (long)own[i % 2]).ToArray());
        Loop.Train(method, constraint, task, Images(task), steps, p => optim.Adam(p, lr: 0.01, beta1: 0.9, beta2: 0.999), (own, 2 * task + 2), labels);
    }

    private static Tensor GPrompt(DualPromptMethod method) => method.Parameters.Single(p => p.Name == "g_prompt").Value.detach();

    /// <summary>Block 0's logits of old tokens on the G-prompt's keys, head by head: [H, B·T, L].</summary>
    private static Tensor Logits(DualPromptMethod method, Tensor queries)
    {
        Tensor q = queries.to(ScalarType.Float64).view(-1, Heads, HeadWidth).transpose(0, 1);                                   // [H, B·T, d]
        Tensor k = GPrompt(method).to(ScalarType.Float64).select(0, 0).select(0, 0).permute(1, 2, 0);                           // [L, H, d] -> [H, d, L]
        return q.bmm(k);
    }

    private static (double Logits, double Sum, double Keys) Moved(Action<PgpOptions> change)
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        using DualPromptMethod method = Method(backbone);
        var options = new PgpOptions { Energy = 1 };
        change(options);
        using UpdateConstraint projection = options.CreateConstraint();
        projection.Attach(method);
        Train(method, projection, 0, 30);
        Tensor queries = method.CollectActivations(Images(0), ["block0.g_prompt.key"])["block0.g_prompt.key"], before = Logits(method, queries), keys = GPrompt(method).select(0, 0).select(0, 0).clone();
        Train(method, projection, 1, 120);
        Tensor after = Logits(method, queries);
        return (Loop.Relative(before, after), Loop.Relative(before.sum([0]), after.sum([0])), Loop.Relative(keys, GPrompt(method).select(0, 0).select(0, 0)));
    }

    [TestMethod]
    public void Head_by_head_old_tokens_see_the_same_keys_to_float32_rounding_over_whole_tasks_with_Adam()
    {
        (double logits, _, double keys) = Moved(o => o.PerHead = true);
        Assert.IsTrue(keys > 0.01, "the task was learned, not frozen out");
        Assert.IsTrue(logits < 1e-6, $"q·kᵀ moved by {logits:g3}");
    }

    [TestMethod]
    public void One_basis_for_all_heads_keeps_the_sum_over_heads_and_not_each_head()
    {
        (double logits, double sum, double keys) = Moved(_ => { });
        Assert.IsTrue(keys > 0.01);
        Assert.IsTrue(sum < 1e-6, $"Σ q·kᵀ moved by {sum:g3}");
        Assert.IsTrue(logits > 1e-3, $"q·kᵀ moved by {logits:g3} only");
    }

    [TestMethod]
    public void Without_projection_old_tokens_see_other_keys() => Assert.IsTrue(Moved(o => o.Energy = 0).Logits > 1e-3);

    [TestMethod]
    public void Keys_and_values_projected_keep_what_block_0_adds_to_old_tokens()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        // Values of eight tokens whose weights a single image cannot fill: one training image of 5 tokens gives 5 directions of 8 a head.
        using DualPromptMethod method = Method(backbone, o => o.GPromptLength = 8);
        using var projection = (GradientProjection)new PgpOptions { Energy = 1, PerHead = true, ProjectValuePrefixes = true, MemorySamples = 1, RankTolerance = 1e-7 }.CreateConstraint();
        projection.Attach(method);
        Tensor one = Images(0).narrow(0, 0, 1), labels = zeros(1, ScalarType.Int64);
        Loop.Train(method, projection, 0, one, 30, p => optim.Adam(p, lr: 0.01, beta1: 0.9, beta2: 0.999), ([0], 1), labels);
        Assert.AreEqual(5, projection.Bases["block0.g_prompt.value.head0"].Rank);
        Tensor before = Block0(), values = GPrompt(method).select(0, 0).select(0, 1).clone();
        Train(method, projection, 1, 120);
        Assert.IsTrue(Loop.Relative(values, GPrompt(method).select(0, 0).select(0, 1)) > 0.01, "values moved");
        double moved = Loop.Relative(before, Block0());
        Assert.IsTrue(moved < 1e-5, $"block 0's output for the old image moved by {moved:g3}");

        Tensor Block0()
        {
            Tensor prompt = GPrompt(method).select(0, 0);   // [2, L, H, d]
            Tensor? output = null;
            backbone.Forward(one, new BlockEdits
            {
                BlockCount = 1,
                Prefixes = new Dictionary<int, AttentionPrefix> { [0] = new(prompt.select(0, 0).flatten(1), prompt.select(0, 1).flatten(1)) },
                Capture = block => scope.Attach(output = block.Output.to(ScalarType.Float64)),
            });
            return output!;
        }
    }

    [TestMethod]
    public void Rows_that_no_task_has_used_learn_freely_when_asked_to()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (ProjectedRows rows in new[] { ProjectedRows.All, ProjectedRows.UsedBefore })
        {
            using VisionTransformer backbone = Backbone();
            using DualPromptMethod method = Method(backbone), free = Method(backbone);
            // The whole space is protected: projected rows do not move at all.
            using var projection = (GradientProjection)new PgpOptions { Energy = 1, ProjectedRows = rows, RankTolerance = 0 }.CreateConstraint();
            projection.Attach(method);
            Train(method, projection, 0, 10);
            using var state = new StateDictionary();
            method.SaveState(state);
            free.LoadState(state);
            int rank = projection.Bases["block1.e_prompt.key"].Rank;
            Train(method, projection, 1, 10);
            Train(free, null, 1, 10);
            Tensor own = Slot(method, 1), unprojected = Slot(free, 1);
            if (rows == ProjectedRows.All) Assert.IsTrue(Loop.Relative(Slot(method, 0), own) < 0.7 * Loop.Relative(Slot(free, 0), unprojected), $"{rank} directions are protected");
            else Assert.IsTrue(Loop.Relative(unprojected, own) < 0.2, "the new slot moves as without projection, but for what projected G-prompts change");
        }

        static Tensor Slot(DualPromptMethod method, int id) => method.Parameters.Single(p => p.Name == "e_prompt.prompt").Value.detach().select(0, 0).select(0, 0).select(0, id).clone();
    }

    [TestMethod]
    public void Rows_used_before_survive_saving_and_loading()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        using DualPromptMethod method = Method(backbone), other = Method(backbone);
        using var projection = (GradientProjection)new PgpOptions { ProjectedRows = ProjectedRows.UsedBefore }.CreateConstraint();
        using var again = (GradientProjection)new PgpOptions { ProjectedRows = ProjectedRows.UsedBefore }.CreateConstraint();
        projection.Attach(method);
        again.Attach(other);
        Train(method, projection, 0, 5);
        using var state = new StateDictionary();
        projection.SaveState(state);
        again.LoadState(state);
        foreach ((SiteState one, SiteState two) in projection.States.Zip(again.States)) CollectionAssert.AreEqual(one.RowsUsedBefore, two.RowsUsedBefore, one.Name);
        SiteState expert = projection.States.Single(s => s.Name == "block1.e_prompt.key");
        CollectionAssert.AreEqual(new[] { true, true, false, false }, expert.RowsUsedBefore);   // prompt 0's two tokens
    }

    [TestMethod]
    public void What_is_projected_by_default_is_what_the_paper_projects()
    {
        using DisposeScope scope = NewDisposeScope();
        using VisionTransformer backbone = Backbone();
        using DualPromptMethod method = Method(backbone);
        CollectionAssert.AreEqual(new[] { "block0.g_prompt.key", "block1.e_prompt.key" }, Names(new PgpOptions()));
        CollectionAssert.AreEqual(new[] { "block0.g_prompt.key", "block1.e_prompt.key", "key" }, Names(new PgpOptions { ProjectKeys = true }));
        CollectionAssert.AreEqual(new[] { "block0.g_prompt.key.head0", "block0.g_prompt.key.head1", "block1.e_prompt.key.head0", "block1.e_prompt.key.head1" }, Names(new PgpOptions { PerHead = true }));
        var options = new PgpOptions { PerHead = true };
        options.Sites["block1.e_prompt.key"] = new PgpSiteOptions { Project = false };
        options.Sites["block0.g_prompt.key.head1"] = new PgpSiteOptions { Project = false };
        CollectionAssert.AreEqual(new[] { "block0.g_prompt.key.head0" }, Names(options));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new PgpOptions { Space = PgpSpace.SampleIndexSum, PerHead = true }.CreateConstraint()).Message, "PerHead");

        string[] Names(PgpOptions options)
        {
            using var projection = (GradientProjection)options.CreateConstraint();
            projection.Attach(method);
            return [.. projection.Bases.Keys];
        }
    }
}
