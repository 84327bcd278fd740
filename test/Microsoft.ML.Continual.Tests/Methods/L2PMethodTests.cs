using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

[TestClass]
public sealed class L2PMethodTests
{
    private const int Pool = 6, Length = 2, TopK = 2;

    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    [TestMethod]
    public void Only_selected_prompts_and_keys_receive_gradients()
    {
        using var bench = Bench();
        bench.BeginTask(0, [0, 1], 2);
        ImageBatch batch = bench.Batch([0]);
        bench.Method.ComputeLoss(batch).Total.backward();
        bool[] selected = Selected(bench, batch);
        Assert.AreEqual(TopK, selected.Count(s => s));
        for (int id = 0; id < Pool; id++)
        {
            Assert.AreEqual(selected[id], Moves(bench.Parameter("prompt.prompt"), id), $"prompt {id}");
            Assert.AreEqual(selected[id], Moves(bench.Parameter("prompt.prompt_key"), id), $"key {id}");
        }

        static bool Moves(Tensor parameter, int id) => MethodBench.Values(parameter.grad!.select(0, id)).Any(g => g != 0);
    }

    [TestMethod]
    public void Without_the_pull_term_keys_stay_where_they_are()
    {
        using var bench = Bench(o => o.PullConstraint = 0);
        bench.BeginTask(0, [0, 1], 2);
        LossTerms terms = bench.Method.ComputeLoss(bench.Batch([0, 1]));
        terms.Total.backward();
        Assert.IsTrue(bench.Parameter("prompt.prompt_key").grad is null);
        Assert.AreEqual(terms.CrossEntropy.item<float>(), terms.Total.item<float>());
    }

    [TestMethod]
    public void Sites_know_the_rows_in_use_since_the_task_began_and_those_of_the_first_image()
    {
        using var bench = Bench();
        ProjectionSite prompt = bench.Method.Sites.Single(s => s.Name == "prompt"), key = bench.Method.Sites.Single(s => s.Name == "key");
        Assert.IsFalse(key.ProtectsOwnRows);
        bench.BeginTask(0, [0, 1], 2);
        var used = new bool[Pool];
        for (int i = 0; i < 3; i++)
        {
            ImageBatch batch = bench.Batch([0, 1, 0], seed: 20 + i);
            bench.Step(batch, rate: 0);
            bool[] selected = Selected(bench, batch);
            for (int id = 0; id < Pool; id++) used[id] |= selected[id];
            CollectionAssert.AreEqual(used, Bools(key.RowsInUse!));
            CollectionAssert.AreEqual(used.SelectMany(u => Enumerable.Repeat(u, Length)).ToArray(), Bools(prompt.RowsInUse!));
            var first = new ImageBatch(batch.Images.narrow(0, 0, 1), batch.Labels, [0], false);
            bool[] firstRows = Bools(key.RowsOfFirstImage!), firstPromptRows = Bools(prompt.RowsOfFirstImage!);
            bool[] expected = Selected(bench, first);
            CollectionAssert.AreEqual(expected, firstRows);
            CollectionAssert.AreEqual(expected.SelectMany(u => Enumerable.Repeat(u, Length)).ToArray(), firstPromptRows);
        }
        bench.BeginTask(1, [1], 2);
        Assert.IsFalse(Bools(key.RowsInUse!).Any(u => u));
    }

    [TestMethod]
    public void Queries_of_a_deterministic_view_are_computed_once_an_image()
    {
        using var bench = Bench();
        bench.BeginTask(0, [0, 1], 2, imageCount: 8);
        Tensor Similarity(ImageBatch batch) => ((L2PMethod)bench.Method).Run(batch).Similarity;
        Tensor first = Similarity(bench.Batch([0, 1], seed: 1, deterministic: true));
        // Other pixels under the same rows: what was kept is used.
        Assert.AreEqual(0, RandomTransformer.Difference(Similarity(bench.Batch([0, 1], seed: 2, deterministic: true)), first), 0);
        // Rows not seen before, and views that vary, are computed.
        Assert.IsGreaterThan(1e-3, RandomTransformer.Difference(Similarity(bench.Batch([0, 1], seed: 2, deterministic: true, firstRow: 1)), first));
        Assert.IsGreaterThan(1e-3, RandomTransformer.Difference(Similarity(bench.Batch([0, 1], seed: 2)), first));
        // A new task begins with nothing.
        bench.BeginTask(1, [0, 1], 2, imageCount: 8);
        Assert.IsGreaterThan(1e-3, RandomTransformer.Difference(Similarity(bench.Batch([0, 1], seed: 2, deterministic: true)), first));
        Assert.ThrowsExactly<ArgumentException>(() => Similarity(bench.Batch([0, 1], deterministic: true, firstRow: 7)));
    }

    [TestMethod]
    public void Kept_queries_give_the_losses_that_fresh_ones_give()
    {
        using var bench = Bench();
        bench.BeginTask(0, [0, 1], 2);
        ImageBatch kept = bench.Batch([0, 1, 1], deterministic: true), fresh = bench.Batch([0, 1, 1]);
        bench.Method.ComputeLoss(kept);
        Assert.AreEqual(bench.Method.ComputeLoss(fresh).Total.item<float>(), bench.Method.ComputeLoss(kept).Total.item<float>());
    }

    [TestMethod]
    public void The_papers_protocol_lets_a_batch_vote_so_that_scores_depend_on_it()
    {
        using var bench = Bench(o => o.UsePaperProtocol());
        bench.BeginTask(0, [0, 1], 2);
        using IScorer scorer = bench.Method.CreateScorer();
        Tensor images = RandomTransformer.Images(8);
        Tensor together = scorer.Score(images);
        double worst = Enumerable.Range(0, 8).Max(i => RandomTransformer.Difference(scorer.Score(images.narrow(0, i, 1)), together.narrow(0, i, 1)));
        Assert.IsGreaterThan(1e-3, worst);
        CollectionAssert.AreEqual(new long[] { 1, TopK }, ((L2PMethod)bench.Method).Run(bench.Batch([0, 1, 0])).Selected.shape);
    }

    [TestMethod]
    public void With_the_prompt_mask_each_task_trains_its_own_prompts_while_the_pool_lasts()
    {
        using var bench = Bench(o => o.PromptMask = true);
        ProjectionSite key = bench.Method.Sites.Single(s => s.Name == "key");
        for (int task = 0; task < Pool / TopK; task++)
        {
            bench.BeginTask(task, [0, 1], 2);
            bench.Step(bench.Batch([0, 1, 0]));
            CollectionAssert.AreEqual(Enumerable.Range(0, Pool).Select(id => id / TopK == task).ToArray(), Bools(key.RowsInUse!), $"task {task}");
        }
        bench.BeginTask(Pool / TopK, [0, 1], 2);
        CollectionAssert.AreEqual(new long[] { 3, TopK }, ((L2PMethod)bench.Method).Run(bench.Batch([0, 1, 0])).Selected.shape, "matching by key goes on when the pool is used up");
    }

    [TestMethod]
    [DataRow(true, false)]
    [DataRow(false, true)]
    [DataRow(false, false)]
    public void A_task_starts_from_the_prompts_and_keys_of_the_one_before_where_they_are_shared(bool prompts, bool keys)
    {
        using var bench = Bench(o => (o.PromptMask, o.SharePrompts, o.ShareKeys) = (true, prompts, keys));
        for (int task = 0; task <= Pool / TopK; task++)
        {
            float[] promptsBefore = MethodBench.Values(bench.Parameter("prompt.prompt")), keysBefore = MethodBench.Values(bench.Parameter("prompt.prompt_key"));
            bench.BeginTask(task, [0, 1], 2);
            bool inPool = task > 0 && (task + 1) * TopK <= Pool;
            CollectionAssert.AreEqual(Expected(promptsBefore, Length * 16, prompts && inPool), MethodBench.Values(bench.Parameter("prompt.prompt")), $"prompts, task {task}");
            CollectionAssert.AreEqual(Expected(keysBefore, 16, keys && inPool), MethodBench.Values(bench.Parameter("prompt.prompt_key")), $"keys, task {task}");
            bench.Step(bench.Batch([0, 1, 0]));

            float[] Expected(float[] before, int width, bool copied)
            {
                if (copied) before.AsSpan((task - 1) * TopK * width, TopK * width).CopyTo(before.AsSpan(task * TopK * width));
                return before;
            }
        }
    }

    [TestMethod]
    [DataRow(PromptPooling.Prompt, 1, 4)]
    [DataRow(PromptPooling.ClassToken, 0, 1)]
    [DataRow(PromptPooling.ClassAndPrompt, 0, 5)]
    [DataRow(PromptPooling.MeanOfAll, 0, 14)]
    public void Pooling_averages_the_tokens_it_names(PromptPooling pooling, int first, int count)
    {
        using var bench = Bench(o => o.Pooling = pooling);
        bench.BeginTask(0, [0], 1);
        ImageBatch batch = bench.Batch([0, 0]);
        L2PPass pass = ((L2PMethod)bench.Method).Run(batch);
        Tensor all = bench.Backbone.Forward(batch.Images, new() { InputTokens = pass.PromptTokens, Output = Continual.Backbones.OutputTokens.All });
        Assert.IsLessThan(2e-5, RandomTransformer.Difference(pass.Features, all.narrow(1, first, count).mean([1])));
    }

    [TestMethod]
    public void Prompts_are_gathered_in_the_order_of_selection()
    {
        using var bench = Bench();
        bench.BeginTask(0, [0], 1);
        L2PPass pass = ((L2PMethod)bench.Method).Run(bench.Batch([0, 0, 0]));
        Tensor prompts = bench.Parameter("prompt.prompt").detach();
        Tensor expected = prompts.index_select(0, pass.Selected.reshape(-1)).reshape(3, TopK * Length, 16);
        Assert.AreEqual(0, RandomTransformer.Difference(pass.PromptTokens, expected), 0);
    }

    private static MethodBench Bench(Action<L2POptions>? change = null)
    {
        var options = new L2POptions { PoolSize = Pool, PromptLength = Length, TopK = TopK };
        change?.Invoke(options);
        return new MethodBench(options);
    }

    private static bool[] Selected(MethodBench bench, ImageBatch batch) =>
        Bools(((L2PMethod)bench.Method).Run(batch).SelectedMask.any(1).any(0));

    private static bool[] Bools(Tensor value) => value.data<bool>().ToArray();
}
