using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>Queries, keys and the selection of prompts from a pool (Wang et al. 2022, section 4.1). Nothing here waits for the device.</summary>
/// <remarks>In the shape comments B is images, M prompts in the pool, k selected prompts, D width.</remarks>
internal static class PromptMatching
{
    private const double SmallestSquare = 1e-12;

    /// <summary>Cosine similarity of queries [B, D] and keys [M, D]: [B, M].</summary>
    public static Tensor Similarity(Tensor queries, Tensor keys) => Normalise(queries).mm(Normalise(keys).t());

    /// <summary>The ids of the selected prompts, without gradient.</summary>
    /// <param name="similarity">[B, M].</param>
    /// <param name="k">How many.</param>
    /// <param name="selection">Per image, or by vote of the batch.</param>
    /// <returns>int64 [B, k] per image, most similar first, or [1, k] by vote, most votes first; among equals the smaller id comes first.</returns>
    public static Tensor Select(Tensor similarity, int k, PromptSelection selection)
    {
        using DisposeScope scope = NewDisposeScope();
        // A stable sort, unlike topk, leaves equals in the order of their ids.
        Tensor ranked = similarity.detach().sort(1, true, true).Item2.narrow(1, 0, k);
        if (selection == PromptSelection.PerImage) return ranked.MoveToOuterDisposeScope();
        Tensor votes = zeros(new long[] { similarity.shape[1] }, ScalarType.Int64, similarity.device);
        votes.scatter_add_(0, ranked.reshape(-1), ones_like(ranked.reshape(-1)));
        return votes.sort(0, true, true).Item2.narrow(0, 0, k).unsqueeze(0).MoveToOuterDisposeScope();
    }

    /// <summary>Ids [R, k] -> [R, k, M] bool, true where an id stands.</summary>
    public static Tensor OneHot(Tensor ids, int poolSize)
    {
        using DisposeScope scope = NewDisposeScope();
        return ids.unsqueeze(-1).eq(arange(poolSize, ScalarType.Int64, ids.device)).MoveToOuterDisposeScope();
    }

    /// <summary>The pull term R = (1/B) Σ over images and their selected prompts of cos(query, key); its gradient reaches the keys only.</summary>
    /// <param name="similarity">[B, M].</param>
    /// <param name="selected">[B or 1, k, M] bool: one-hot rows.</param>
    public static Tensor Pull(Tensor similarity, Tensor selected)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor chosen = selected.any(1).to(similarity.dtype);   // [B or 1, M]
        return (similarity * chosen).sum().div(similarity.shape[0]).MoveToOuterDisposeScope();
    }

    private static Tensor Normalise(Tensor v) => v * v.square().sum(-1, true).clamp_min(SmallestSquare).rsqrt();
}
