using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>
/// Keys and values that a block's attention reads before its own (prefix tuning): K' = [Keys; K], V' = [Values; V]. They are in the space of keys and values already, so that
/// no weight and no position touches them; queries, and so the number of tokens, stay as they are.
/// </summary>
/// <param name="Keys">[L, D] for all images alike or [B, L, D]; head h has the channels h·d … h·d + d − 1. Of any floating type; gradients flow back to it.</param>
/// <param name="Values">Of the same shape as <paramref name="Keys"/>.</param>
public sealed record AttentionPrefix(Tensor Keys, Tensor Values);
