using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.NullSpace;

/// <summary>How much old images' outputs change when prompts move by ε in the null spaces: the order in ε, whatever the constants.</summary>
[TestClass]
public sealed class OutputErrorTests
{
    private static NullSpaceOptions Published
    {
        get
        {
            NullSpaceOptions options = NullSpaceOptions.Strict;   // true null spaces and projectors, without α, 1/σ and the kept rows
            options.ThroughNorm = false;
            return options;
        }
    }

    // log₂ of what the error is divided by when ε is halved.
    private static double Order(DeepPromptLab lab, Dictionary<int, Tensor> change, double epsilon = 4e-3) => Math.Log2(lab.Error(change, epsilon) / lab.Error(change, epsilon / 2));

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void In_the_strict_null_spaces_halving_the_step_quarters_the_error(int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(seed, NullSpaceOptions.Strict);
        lab.Remember();
        // The class token enters the first block alike for both images: there are 3 tokens · 2 heads to keep, in the second block 4 · 2; and 1 + 10 directions for the norm.
        CollectionAssert.AreEqual(new[] { (7, 4), (5, 2) }, lab.Projection.States.Select(s => (s.Spaces!.Affinity.Nullity, s.Spaces.Aggregation.Nullity)).ToArray());
        Dictionary<int, Tensor> strict = lab.Change(seed, projected: true), free = lab.Change(seed, projected: false);
        Assert.AreEqual(2, Order(lab, strict), 0.05);
        Assert.AreEqual(1, Order(lab, free), 0.05);
        Assert.IsTrue(lab.Error(strict, 1e-4) < 1e-3 * lab.Error(free, 1e-4), $"{lab.Error(strict, 1e-4):g3} and {lab.Error(free, 1e-4):g3}");
    }

    [TestMethod]
    public void With_one_condition_alone_the_error_is_of_first_order()
    {
        using DisposeScope scope = NewDisposeScope();
        using var lab = new DeepPromptLab(4, NullSpaceOptions.Strict);
        lab.Remember();
        Assert.AreEqual(1, Order(lab, lab.Change(5, projected: true, aggregation: false)), 0.1);
        Assert.AreEqual(1, Order(lab, lab.Change(5, projected: true, affinity: false)), 0.1);
    }

    [TestMethod]
    public void The_published_conditions_shrink_the_error_but_not_its_order()
    {
        using DisposeScope scope = NewDisposeScope();
        var ratios = new List<double>();
        for (int seed = 1; seed <= 30; seed++)
        {
            using DisposeScope inner = NewDisposeScope();
            using var lab = new DeepPromptLab(seed, Published, depth: 1);
            lab.Remember();
            Dictionary<int, Tensor> published = lab.Change(seed, projected: true);
            ratios.Add(lab.Error(lab.Change(seed, projected: false), 1e-2) / lab.Error(published, 1e-2));
            if (seed <= 5) Assert.AreEqual(1, Order(lab, published, 1e-4), 0.1);
        }
        double median = ratios.Order().ElementAt(15);
        Console.WriteLine($"unprojected over projected: median {median:0.0}, {ratios.Min():0.0} to {ratios.Max():0.0}");
        Assert.IsTrue(median > 2, $"median {median:0.00}");
    }

    [TestMethod]
    public void Without_a_norm_the_published_conditions_keep_attention_exactly_for_steps_of_any_size()
    {
        using DisposeScope scope = NewDisposeScope();
        var random = new Numerics.SeededRandom(6);
        Tensor Draw(params long[] shape) => random.UniformTensor(-0.5, 0.5, shape).to(ScalarType.Float64);
        const int dim = 16, heads = 2, head = 8, tokens = 3, prompts = 8;
        Tensor x = Draw(tokens, dim), wq = Draw(dim, dim), wk = Draw(dim, dim), wv = Draw(dim, dim), p = Draw(prompts, dim);
        Tensor Heads(Tensor t) => t.reshape(-1, heads, head).transpose(0, 1);   // [n, D] -> [H, n, d]
        Tensor Weights(Tensor rows) => Heads(x.matmul(wq.t())).matmul(Heads(cat([x, rows], 0).matmul(wk.t())).transpose(1, 2)).div(Math.Sqrt(head)).softmax(-1);   // [H, N, N + M]
        Tensor Attention(Tensor rows) => Weights(rows).matmul(Heads(cat([x, rows], 0).matmul(wv.t())));

        using var parameter = new TorchSharp.Modules.Parameter(p.clone(), true);
        var site = new Methods.ProjectionSite("p", parameter, dim, protectsOwnRows: false) { Readers = new Methods.MappedActivations("q", wk.reshape(heads, head, dim)), MixingName = "s" };
        using var readers = new HeadGrams(heads, head);
        using var mixing = new HeadGrams(1, prompts);
        readers.Add(x.matmul(wq.t()).unsqueeze(0), 1);
        mixing.Add(Weights(p).narrow(2, tokens, prompts).reshape(1, heads * tokens, prompts), 1);
        SiteNullSpaces spaces = SiteNullSpaces.Create(site, new Moments(readers.ToArray(), mixing.ToArray()), Published);
        Assert.AreEqual((10, 2), (spaces.Affinity.Nullity, spaces.Aggregation.Nullity));
        using var state = new NullSpaceSite(site);
        state.Begin(site, spaces);
        Tensor raw = Draw(prompts, dim), change = state.Project(raw);
        foreach (double size in new[] { 1.0, 10 })
        {
            double kept = (Attention(p + change * (size / change.norm())) - Attention(p)).abs().max().item<double>();
            double moved = (Attention(p + raw * (size / raw.norm())) - Attention(p)).abs().max().item<double>();
            Assert.IsTrue(kept < 1e-12 && moved > 1e-2, $"{kept:g3}, {moved:g3}");
        }
    }
}
