using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>What the attention of one block worked with. The tensors are valid during the call that hands them over.</summary>
/// <param name="Block">The block's index, 0-based.</param>
/// <param name="Queries">[B, H, T, d] of the tokens that are computed; before the scale 1/√d.</param>
/// <param name="Keys">[B, H, S, d] of all that attention reads: first the prefix of L, where there is one, then the tokens, then context tokens.</param>
/// <param name="Values">[B, H, S, d], in the same order.</param>
public sealed record AttentionActivations(int Block, Tensor Queries, Tensor Keys, Tensor Values)
{
    /// <summary>L, the number of the prefix's keys; 0 without a prefix.</summary>
    public long PrefixLength { get; init; }

    /// <summary>The prefix's <see cref="AttentionPrefix.CompensatedFrom"/>; null without a prefix.</summary>
    public int? CompensatedFrom { get; init; }

    /// <summary>softmax(q · kᵀ / √d) with the prefix's compensation, [B, H, T, S]; computed anew at each call, without the causal mask of a text tower.</summary>
    public Tensor Weights() => Softmax(Queries, Keys, CompensatedFrom, PrefixLength);

    /// <summary>The queries with the heads side by side: [B, H, T, d] -> [B, T, H·d].</summary>
    public Tensor JoinedQueries()
    {
        using DisposeScope scope = NewDisposeScope();
        return Queries.transpose(1, 2).reshape(Queries.shape[0], Queries.shape[2], Queries.shape[1] * Queries.shape[3]).MoveToOuterDisposeScope();
    }

    /// <summary>The weights of queries [B, H, T, d] on keys [B, H, S, d]. Of the columns start … start + length − 1, scaled to sum to 1, the sum counts as at least 1e-12.</summary>
    internal static Tensor Softmax(Tensor queries, Tensor keys, int? start, long length)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weights = (queries * (1 / Math.Sqrt(queries.shape[3]))).matmul(keys.transpose(2, 3)).softmax(-1);   // [B, H, T, d] × [B, H, d, S]
        if (start is not { } first) return weights.MoveToOuterDisposeScope();
        long after = first + length, all = weights.shape[3];
        if (first < 0 || after > all) throw new ArgumentException($"{nameof(AttentionPrefix.CompensatedFrom)}: expected columns within 0 to {all - 1}; found {first} to {after - 1}.");
        Tensor scaled = weights.narrow(3, first, length);
        scaled = scaled / scaled.sum(new long[] { 3 }, true).clamp_min(1e-12);
        return cat([weights.narrow(3, 0, first), scaled, weights.narrow(3, after, all - after)], 3).MoveToOuterDisposeScope();
    }
}
