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
    /// <summary>softmax(q · kᵀ / √d), [B, H, T, S]; computed anew at each call, without the causal mask of a text tower.</summary>
    public Tensor Weights()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor scores = (Queries * (1 / Math.Sqrt(Queries.shape[3]))).matmul(Keys.transpose(2, 3));   // [B, H, T, d] × [B, H, d, S]
        return scores.softmax(-1).MoveToOuterDisposeScope();
    }

    /// <summary>The queries with the heads side by side: [B, H, T, d] -> [B, T, H·d].</summary>
    public Tensor JoinedQueries()
    {
        using DisposeScope scope = NewDisposeScope();
        return Queries.transpose(1, 2).reshape(Queries.shape[0], Queries.shape[2], Queries.shape[1] * Queries.shape[3]).MoveToOuterDisposeScope();
    }
}
