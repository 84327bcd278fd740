using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>What entered one linear map of a block. The tensor is valid during the call that hands it over.</summary>
/// <param name="Block">The block's index, 0-based.</param>
/// <param name="Linear">Which map.</param>
/// <param name="Input">
/// [B, T, in]. For <see cref="BlockLinear.Qkv"/>: the tokens after the norm, with the context tokens behind them. For the others in a last block that computes some tokens only: these tokens.
/// </param>
public sealed record LinearInput(int Block, BlockLinear Linear, Tensor Input);
