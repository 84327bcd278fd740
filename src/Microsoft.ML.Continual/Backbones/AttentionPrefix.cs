using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>
/// Keys and values that a block's attention reads before its own (prefix tuning): K' = [Keys; K], V' = [Values; V]. They are in the space of keys and values already, so that
/// no weight and no position touches them; queries, and so the number of tokens, stay as they are.
/// </summary>
/// <param name="Keys">[L, D] for all images alike or [B, L, D]; head h has the channels h·d … h·d + d − 1. Of any floating type; gradients flow back to it.</param>
/// <param name="Values">Of the same shape as <paramref name="Keys"/>.</param>
public sealed record AttentionPrefix(Tensor Keys, Tensor Values)
{
    /// <summary>
    /// The first of L columns of the attention weights that are scaled, after the softmax, to sum to 1 among themselves, so that the prefix adds beside the tokens like an adapter (LAE's compensation).
    /// 0 are the prefix's own columns; 1 is what PEGP's released code does, which leaves out the prefix's first column and takes the first token's.
    /// </summary>
    /// <value>The default is null: one softmax over prefix and tokens.</value>
    public int? CompensatedFrom { get; init; }
}
