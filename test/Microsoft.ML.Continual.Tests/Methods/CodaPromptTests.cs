using Microsoft.ML.Continual.Methods.CodaPrompt;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>CODA-Prompt's formulas by numbers worked out by hand, and the start of new rows.</summary>
[TestClass]
public sealed class CodaPromptTests
{
    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    private static Tensor Rows(int width, params float[] values) => from_array(values).clone().view(-1, width);

    [TestMethod]
    public void Weights_and_prompt_are_the_ones_worked_out_by_hand()
    {
        Tensor weights = CodaPromptNetwork.Weights(Rows(2, 3, 4), Rows(2, 1, 1, 1, 0), Rows(2, 0, 2, 1, 1));
        AssertNear([.8f, .70710678f], weights);
        AssertNear([7.87106781f, 1.6f, 2.4f, 10.27106781f], CodaPromptNetwork.Prompt(weights, Rows(2, 1, 2, 3, 4, 10, 0, 0, 10).view(2, 2, 2)));
    }

    [TestMethod]
    public void Weights_do_not_depend_on_the_lengths_of_query_key_and_attention_and_lie_between_minus_one_and_one()
    {
        var random = new SeededRandom(1);
        Tensor q = random.NormalTensor(5, 8), a = random.NormalTensor(3, 8), k = random.NormalTensor(3, 8);
        float[] expected = MethodBench.Values(CodaPromptNetwork.Weights(q, a, k));
        foreach (Tensor scaled in new[] { CodaPromptNetwork.Weights(q * 7, a, k), CodaPromptNetwork.Weights(q, a * 0.01, k), CodaPromptNetwork.Weights(q, a, k * 30) }) AssertNear(expected, scaled);
        Assert.IsTrue(expected.All(w => Math.Abs(w) <= 1 + 1e-6f));
        // And they are what the definition says.
        Tensor attended = q.unsqueeze(1) * a.unsqueeze(0);   // [5, 3, 8]
        AssertNear(MethodBench.Values((attended * k).sum(2) / (attended.square().sum(2).sqrt() * k.square().sum(1).sqrt())), CodaPromptNetwork.Weights(q, a, k));
    }

    [TestMethod]
    public void A_query_of_zeros_has_weights_of_zero_and_finite_gradients()
    {
        Tensor a = Rows(2, 1, 1, 0, 0).requires_grad_(true), k = Rows(2, 0, 2, 0, 0).requires_grad_(true);
        Tensor weights = CodaPromptNetwork.Weights(Rows(2, 0, 0, 3, 4), a, k);
        weights.sum().backward();
        CollectionAssert.AreEqual(new[] { 0f, 0, .8f, 0 }, MethodBench.Values(weights).Select(w => MathF.Round(w, 6)).ToArray());
        Assert.IsTrue(a.grad!.isfinite().all().item<bool>() && k.grad!.isfinite().all().item<bool>());
    }

    [TestMethod]
    public void The_orthogonality_term_is_the_mean_of_squared_entries()
    {
        Assert.AreEqual(2.765625, CodaPromptNetwork.Orthogonality(Rows(2, 1, .5f, 0, 2)).item<float>(), 1e-6);
        Assert.AreEqual(0, CodaPromptNetwork.Orthogonality(Rows(2, 0, 1, 1, 0).view(2, 1, 2)).item<float>(), 1e-12);
    }

    [TestMethod]
    public void One_projection_for_each_row_leaves_what_was_worked_out_by_hand()
    {
        AssertNear([-1.5f, .5f, 3], OrthogonalRows.Remainder(Rows(3, 1, 0, 0, 1, 1, 0), Rows(3, 1, 2, 3)));
        AssertNear([1, 2, 0], OrthogonalRows.Remainder(Rows(3, 0, 0, 0, 0, 0, 5), Rows(3, 1, 2, 3)));   // a row of zeros takes nothing away
    }

    [TestMethod]
    public void New_rows_are_orthonormal_and_orthogonal_to_rows_that_no_longer_are_themselves()
    {
        Tensor known = new SeededRandom(3).NormalTensor(6, 20) * 3;
        Tensor exact = OrthogonalRows.Draw(known, 4, ComponentStart.Orthonormal, new SeededRandom(5)), published = OrthogonalRows.Draw(known, 4, ComponentStart.ReferenceGramSchmidt, new SeededRandom(5));
        AssertNear(MethodBench.Values(eye(4)), exact.mm(exact.t()), 1e-6f);
        Assert.IsLessThan(1e-5, exact.mm(known.t()).abs().max().item<float>());
        AssertNear([1, 1, 1, 1], published.square().sum(1), 1e-6f);
        Assert.IsGreaterThan(0.05, published.mm(known.t()).abs().max().item<float>(), "the published procedure is not exact");
    }

    [TestMethod]
    public void Where_nothing_is_known_both_starts_are_gram_and_schmidts()
    {
        Tensor none = zeros(new long[] { 0, 12 });
        Tensor exact = OrthogonalRows.Draw(none, 5, ComponentStart.Orthonormal, new SeededRandom(5)), published = OrthogonalRows.Draw(none, 5, ComponentStart.ReferenceGramSchmidt, new SeededRandom(5));
        AssertNear(MethodBench.Values(exact), published, 1e-5f);
    }

    [TestMethod]
    [DataRow(ComponentStart.Orthonormal)]
    [DataRow(ComponentStart.ReferenceGramSchmidt)]
    public void Where_no_direction_is_left_new_rows_heed_the_latest_old_ones(ComponentStart start)
    {
        Tensor known = OrthogonalRows.Draw(zeros(new long[] { 0, 6 }), 6, ComponentStart.Orthonormal, new SeededRandom(1));   // all six directions
        Tensor rows = OrthogonalRows.Draw(known, 2, start, new SeededRandom(2));
        AssertNear(MethodBench.Values(eye(2)), rows.mm(rows.t()), 1e-5f);
        Assert.IsLessThan(1e-5, rows.mm(known.narrow(0, 2, 4).t()).abs().max().item<float>());
    }

    private static void AssertNear(float[] expected, Tensor actual, float tolerance = 2e-6f)
    {
        float[] found = MethodBench.Values(actual);
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], tolerance, $"entry {i}");
    }
}
