using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

[TestClass]
public sealed class PromptMatchingTests
{
    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    [TestMethod]
    public void Cosines_order_the_keys_and_the_pull_term_sums_the_selected_ones()
    {
        Tensor query = from_array(new float[,] { { 3, 4 } });
        var keys = new Parameter(from_array(new float[,] { { 1, 0 }, { 0, 2 }, { -1, -1 } }).clone(), true);
        Tensor similarity = PromptMatching.Similarity(query, keys);
        foreach ((double expected, float found) in new[] { 0.6, 0.8, -0.989949 }.Zip(similarity.data<float>().ToArray())) Assert.AreEqual(expected, found, 1e-6);
        Tensor selected = PromptMatching.Select(similarity, 2, PromptSelection.PerImage);
        CollectionAssert.AreEqual(new long[] { 1, 0 }, selected.data<long>().ToArray());

        Tensor pull = L2PNetwork.Pull(new L2PPass(similarity, selected, PromptMatching.OneHot(selected, 3), query, query));
        Assert.AreEqual(1.4, pull.item<float>(), 1e-6);
        pull.backward();
        float[] gradient = keys.grad!.data<float>().ToArray();
        Assert.AreEqual(0, Math.Abs(gradient[4]) + Math.Abs(gradient[5]), "the key that was not selected must not move");
        Assert.IsGreaterThan(0.1f, Math.Abs(gradient[1]));
    }

    [TestMethod]
    public void A_batch_votes_for_the_prompts_that_most_of_its_images_select()
    {
        // Rows select [1,0], [1,2], [0,1]: votes 2, 3, 1.
        Tensor similarity = from_array(new float[,] { { 0.5f, 0.9f, 0 }, { 0, 0.9f, 0.5f }, { 0.9f, 0.5f, 0 } });
        CollectionAssert.AreEqual(new long[] { 1, 0, 1, 2, 0, 1 }, PromptMatching.Select(similarity, 2, PromptSelection.PerImage).contiguous().data<long>().ToArray());
        Tensor voted = PromptMatching.Select(similarity, 2, PromptSelection.BatchwiseVote);
        CollectionAssert.AreEqual(new long[] { 1, 2 }, voted.shape);
        CollectionAssert.AreEqual(new long[] { 1, 0 }, voted.contiguous().data<long>().ToArray());
    }

    [TestMethod]
    public void Among_equals_the_smaller_id_comes_first()
    {
        Tensor equal = ones(2, 40);
        CollectionAssert.AreEqual(new long[] { 0, 1, 2, 0, 1, 2 }, PromptMatching.Select(equal, 3, PromptSelection.PerImage).contiguous().data<long>().ToArray());
        // Two images vote for 3 and 1, two for 2 and 0: all have two votes.
        Tensor tied = from_array(new float[,] { { 0, 1, 0, 2 }, { 1, 0, 2, 0 }, { 0, 1, 0, 2 }, { 1, 0, 2, 0 } });
        CollectionAssert.AreEqual(new long[] { 0, 1 }, PromptMatching.Select(tied, 2, PromptSelection.BatchwiseVote).contiguous().data<long>().ToArray());
    }

    [TestMethod]
    public void A_zero_query_is_similar_to_nothing_and_gives_no_NaN()
    {
        Tensor similarity = PromptMatching.Similarity(zeros(1, 4), ones(3, 4));
        CollectionAssert.AreEqual(new float[] { 0, 0, 0 }, similarity.data<float>().ToArray());
    }
}
