using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.DualPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

[TestClass]
public sealed class DualPromptMethodTests
{
    private const int Pool = 3, Length = 2, Heads = 2, HeadWidth = 8;

    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    private static MethodBench Bench(Action<DualPromptOptions>? change = null)
    {
        var options = new DualPromptOptions { PoolSize = Pool, EPromptLength = Length, GPromptLength = Length, GBlocks = [0], EBlocks = [1, 2] };
        change?.Invoke(options);
        return new MethodBench(options);
    }

    private static Tensor EPrompt(MethodBench bench, int id) => bench.Parameter("e_prompt.prompt").select(2, id);

    [TestMethod]
    public void A_task_trains_its_own_E_prompt_and_the_shared_G_prompts()
    {
        using MethodBench bench = Bench();
        bench.BeginTask(1, [0, 1], 2);
        bench.Method.ComputeLoss(bench.Batch([0, 1, 1])).Total.backward();
        Tensor gradient = bench.Parameter("e_prompt.prompt").grad!;
        for (int id = 0; id < Pool; id++)
        {
            for (int block = 0; block < 2; block++)
                for (int half = 0; half < 2; half++)
                    Assert.AreEqual(id == 1, MethodBench.Values(gradient.select(0, block).select(0, half).select(0, id)).Any(g => g != 0), $"prompt {id}, block {block}, half {half}");
            Assert.AreEqual(id == 1, MethodBench.Values(bench.Parameter("e_prompt.prompt_key").grad!.select(0, id)).Any(g => g != 0), $"key {id}");
        }
        Assert.IsTrue(MethodBench.Values(bench.Parameter("g_prompt").grad!).Any(g => g != 0));
    }

    [TestMethod]
    public void A_tasks_E_prompt_starts_as_a_copy_of_the_one_before_while_the_pool_lasts()
    {
        using MethodBench bench = Bench();
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        float[] first = MethodBench.Values(EPrompt(bench, 0)), keys = MethodBench.Values(bench.Parameter("e_prompt.prompt_key"));
        bench.BeginTask(1, [0, 1], 2);
        CollectionAssert.AreEqual(first, MethodBench.Values(EPrompt(bench, 1)));
        CollectionAssert.AreEqual(keys, MethodBench.Values(bench.Parameter("e_prompt.prompt_key")), "keys are not copied");
        bench.BeginTask(2, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        float[] all = MethodBench.Values(bench.Parameter("e_prompt.prompt"));
        bench.BeginTask(3, [0, 1], 2);   // beyond the pool: nothing is copied, and images select by key
        CollectionAssert.AreEqual(all, MethodBench.Values(bench.Parameter("e_prompt.prompt")));
        DualPromptPass pass = ((DualPromptMethod)bench.Method).Run(bench.Batch([0, 1, 0, 1, 0, 1]));
        Tensor nearest = pass.Similarity.argmax(1, true);
        Assert.IsTrue(pass.Selected.equal(nearest).all().item<bool>());
    }

    [TestMethod]
    public void A_score_depends_on_its_image_alone_unless_the_papers_protocol_is_asked_for()
    {
        Assert.IsLessThan(1e-5, Worst(Bench()));
        Assert.IsGreaterThan(1e-3, Worst(Bench(o => o.UsePaperProtocol())));

        static double Worst(MethodBench bench)
        {
            using MethodBench own = bench;
            bench.BeginTask(0, [0, 1], 2);
            Tensor images = RandomTransformer.Images(8);
            using (no_grad()) bench.Parameter("e_prompt.prompt_key").copy_(bench.Backbone.ClassFeature(images.narrow(0, 0, Pool)));   // so that not all images select the same prompt
            using IScorer scorer = bench.Method.CreateScorer();
            Tensor together = scorer.Score(images);
            return Enumerable.Range(0, 8).Max(i => RandomTransformer.Difference(scorer.Score(images.narrow(0, i, 1)), together.narrow(0, i, 1)));
        }
    }

    [TestMethod]
    [DataRow(1, "00 10")]
    [DataRow(3, "00 01 02 10 11 12")]
    [DataRow(4, "00 01 02 03 10 11 12 13")]
    public void The_published_reshape_gives_images_the_halves_that_the_specification_lists(int batch, string order)
    {
        // Every number of a prefix says which half (tens) and image (ones) it was made for.
        DualPromptOptions options = new() { PoolSize = batch, EPromptLength = 1, GBlocks = [], EBlocks = [0], EPromptLayout = EPromptLayout.ReferenceReshape };
        Tensor codes = tensor(Enumerable.Range(0, 2).SelectMany(half => Enumerable.Range(0, batch).Select(image => 10f * half + image)).ToArray());
        Tensor prompts = codes.view(1, 2, batch, 1, 1, 1).expand(1, 2, batch, 1, Heads, HeadWidth).contiguous();
        Tensor mask = eye(batch).to(ScalarType.Bool).unsqueeze(1);   // image b has selected prompt b
        BlockEdits edits = DualPromptNetwork.Edits(options, new DualPromptTensors(null, prompts, zeros(batch, 16)), mask, batch, options.EPromptLayout);
        AttentionPrefix prefix = edits.Prefixes![0];
        Tensor pairs = stack([First(prefix.Keys), First(prefix.Values)], 1).reshape(-1);   // key and value of image 0, of image 1, …
        Assert.AreEqual(order, string.Join(' ', pairs.data<float>().ToArray().Select(code => $"{code:00}")));

        Tensor First(Tensor t) => t.expand(batch, 1, 16).select(2, 0).select(1, 0);
    }

    [TestMethod]
    public void Keys_are_keys_and_values_are_values_in_the_correct_layout()
    {
        using MethodBench bench = Bench();
        bench.BeginTask(0, [0, 1], 2);
        Tensor prompts = bench.Parameter("e_prompt.prompt"), mask = PromptMatching.OneHot(tensor((IList<long>)new long[] { 2, 0 }, new long[] { 2, 1 }), Pool);
        var options = new DualPromptOptions { PoolSize = Pool, EPromptLength = Length, GBlocks = [], EBlocks = [1, 2] };
        BlockEdits edits = DualPromptNetwork.Edits(options, new DualPromptTensors(null, prompts, bench.Parameter("e_prompt.prompt_key")), mask, 2, EPromptLayout.Correct);
        for (int image = 0; image < 2; image++)
        {
            Tensor prompt = prompts.select(0, 1).select(1, image == 0 ? 2 : 0);   // block 2's, [2, L, H, d]
            Assert.AreEqual(0, RandomTransformer.Difference(edits.Prefixes![2].Keys.select(0, image), prompt.select(0, 0).reshape(Length, 16)), 0);
            Assert.AreEqual(0, RandomTransformer.Difference(edits.Prefixes![2].Values.select(0, image), prompt.select(0, 1).reshape(Length, 16)), 0);
        }
    }

    [TestMethod]
    public void Sites_are_the_halves_of_each_blocks_prompt_and_cut_into_heads()
    {
        using MethodBench bench = Bench();
        CollectionAssert.AreEqual(
            new[] { "block0.g_prompt.key", "block0.g_prompt.value", "block1.e_prompt.key", "block1.e_prompt.value", "block2.e_prompt.key", "block2.e_prompt.value", "key" },
            bench.Method.Sites.Select(s => s.Name).ToArray());
        CollectionAssert.AreEqual(new[] { true, false, true, false, true, false, false }, bench.Method.Sites.Select(s => s.ProjectedByDefault).ToArray());
        ProjectionSite key = bench.Method.Sites[4], value = bench.Method.Sites[5];
        Assert.AreEqual(((long)Pool * Length, 16, (long)Pool * 16, Length), (key.Rows, key.Dimension, value.Rows, value.Dimension));

        // A site is a view: what is written into it is written into the parameter, there and nowhere else.
        Tensor like = zeros(bench.Parameter("e_prompt.prompt").shape);
        key.Heads[1].RowsOf(like).fill_(1);
        Assert.AreEqual(Pool * Length * HeadWidth, (int)like.sum().item<float>());
        Assert.AreEqual(Pool * Length * HeadWidth, (int)like.select(0, 1).select(0, 0).select(2, 1).sum().item<float>());   // block 2, keys, head 1
        value.Heads[0].RowsOf(like).select(-1, 1).fill_(2);
        Assert.AreEqual(2 * Pool * HeadWidth, (int)like.select(0, 1).select(0, 1).select(1, 1).select(1, 0).sum().item<float>());   // block 2, values, token 1, head 0
    }

    [TestMethod]
    public void Activations_of_key_sites_are_the_blocks_queries_and_those_of_values_the_weights_on_the_prompt()
    {
        using MethodBench bench = Bench();
        bench.BeginTask(0, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        Tensor images = RandomTransformer.Images(2);
        IReadOnlyDictionary<string, Tensor> found = bench.Method.CollectActivations(images, [.. bench.Method.Sites.Select(s => s.Name)]);
        CollectionAssert.AreEquivalent(bench.Method.Sites.Select(s => s.Name).ToArray(), found.Keys.ToArray());
        foreach (ProjectionSite site in bench.Method.Sites)
        {
            Assert.AreEqual(site.Dimension, (int)found[site.Name].shape[2], site.Name);
            Assert.AreEqual(2L, found[site.Name].shape[0], site.Name);
            foreach (ProjectionSite head in site.Heads) Assert.AreEqual(head.Dimension, (int)head.SelectActivations!(found[site.Name]).shape[2], head.Name);
        }
        // Block 0's queries do not depend on any prompt: they are the plain network's.
        Tensor? queries = null;
        bench.Backbone.Forward(images, new BlockEdits { BlockCount = 1, CaptureAttention = attention => _scope.Attach(queries = attention.JoinedQueries()) });
        Assert.AreEqual(0, RandomTransformer.Difference(found["block0.g_prompt.key"], queries!), 0);
        // Block 0 reads 2 tokens of prefix and 10 of the image; the weights on the prefix are positive and leave something for the rest.
        Tensor weights = found["block0.g_prompt.value"];
        CollectionAssert.AreEqual(new long[] { 2, Heads * 10, Length }, weights.shape);
        Assert.IsTrue(weights.gt(0).all().item<bool>() && weights.sum(-1).lt(1).all().item<bool>());
        Assert.HasCount(1, bench.Method.CollectActivations(images, ["key"]));
    }

    [TestMethod]
    public void Prompt_tuning_collects_the_tokens_that_enter_the_block_without_its_own()
    {
        using MethodBench bench = Bench(o => o.GMode = o.EMode = PromptMode.PromptTuning);
        bench.BeginTask(0, [0, 1], 2);
        CollectionAssert.AreEqual(new[] { "block0.g_prompt", "block1.e_prompt", "block2.e_prompt", "key" }, bench.Method.Sites.Select(s => s.Name).ToArray());
        IReadOnlyDictionary<string, Tensor> found = bench.Method.CollectActivations(RandomTransformer.Images(2), ["block0.g_prompt", "block2.e_prompt"]);
        CollectionAssert.AreEqual(new long[] { 2, 10, 16 }, found["block0.g_prompt"].shape);
        CollectionAssert.AreEqual(new long[] { 2, 14, 16 }, found["block2.e_prompt"].shape);   // and the G-prompt's and block 1's tokens
        Assert.HasCount(2, found);
    }

    [TestMethod]
    public void Rows_of_the_pools_sites_are_in_use_when_their_prompt_is()
    {
        using MethodBench bench = Bench();
        bench.BeginTask(1, [0, 1], 2);
        bench.Step(bench.Batch([0, 1]));
        foreach (ProjectionSite site in bench.Method.Sites.Where(s => s.Name.Contains("e_prompt", StringComparison.Ordinal)).SelectMany(s => s.Heads.Append(s)))
        {
            int perPrompt = (int)site.Rows / Pool;
            CollectionAssert.AreEqual(Enumerable.Range(0, (int)site.Rows).Select(row => row / perPrompt == 1).ToArray(), site.RowsInUse!.data<bool>().ToArray(), site.Name);
        }
        Assert.IsNull(bench.Method.Sites[0].RowsInUse, "every image uses the G-prompts");
    }

    [TestMethod]
    public void Options_out_of_range_are_named()
    {
        (string Option, Action<DualPromptOptions> Set)[] wrong =
        [
            ("GBlocks", o => o.GBlocks = [0, 0]), ("GBlocks", o => o.GBlocks = [3]), ("EBlocks", o => o.EBlocks = []), ("EBlocks", o => o.EBlocks = [-1]), ("EBlocks", o => o.EBlocks = [0, 1]),
            ("PoolSize", o => o.PoolSize = 0), ("TopK", o => o.TopK = 4), ("GPromptLength", o => o.GPromptLength = 0), ("EPromptLength", o => o.EPromptLength = 0),
            ("PullConstraint", o => o.PullConstraint = -1), ("EPromptLayout", o => o.EPromptLayout = (EPromptLayout)7), ("GMode", o => o.GMode = (PromptMode)9),
        ];
        foreach ((string option, Action<DualPromptOptions> set) in wrong)
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => Bench(set).Dispose()).Message, option);
    }

    [TestMethod]
    public void A_state_of_other_sizes_is_refused_and_changes_nothing()
    {
        using MethodBench bench = Bench(), longer = Bench(o => o.EPromptLength = 3), without = Bench(o => o.GBlocks = []);
        using var state = new StateDictionary();
        bench.Method.SaveState(state);
        float[] before = MethodBench.Values(longer.Parameter("g_prompt"));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => longer.Method.LoadState(state)).Message, "e_prompt.prompt");
        CollectionAssert.AreEqual(before, MethodBench.Values(longer.Parameter("g_prompt")));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => without.Method.LoadState(state)).Message, "G-prompts");
    }

    [TestMethod]
    [DataRow(Recipe.SplitCifar100, 24, 20, 0.03, 5)]
    [DataRow(Recipe.SplitCifar100In20Tasks, 24, 20, 0.03, 5)]
    [DataRow(Recipe.SplitTinyImageNet, 24, 5, 0.03, 5)]
    [DataRow(Recipe.SplitCub200, 24, 10, 0.03, 5)]
    [DataRow(Recipe.SplitImageNetR, 24, 50, 0.005, 20)]
    public void Recipes_are_the_experiments_configurations(object recipe, int batch, int epochs, double rate, int length)
    {
        var options = new DualPromptOptions((Recipe)recipe);
        Assert.AreEqual((batch, epochs, rate, length), (options.BatchSize, options.Epochs, options.LearningRate, options.EPromptLength));
        Assert.AreEqual((5, 1, 10, 1.0, true), (options.GPromptLength, options.TopK, options.PoolSize, options.PullConstraint, options.ScaleLearningRateByBatch));
        Assert.ThrowsExactly<ArgumentException>(() => new DualPromptOptions((Recipe)99));
    }
}
