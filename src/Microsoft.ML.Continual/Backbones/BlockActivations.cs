using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>What one block computed. The tensors are valid during the call that hands them over. In a last block that computes some tokens only, all but the input have these tokens.</summary>
/// <param name="Block">The block's index, 0-based.</param>
/// <param name="Input">[B, T, D] the tokens that entered.</param>
/// <param name="Attention">[B, T, D] what attention added to them.</param>
/// <param name="Mlp">[B, T, D] what the MLP added to them.</param>
/// <param name="Output">[B, T, D] the tokens that left.</param>
public sealed record BlockActivations(int Block, Tensor Input, Tensor Attention, Tensor Mlp, Tensor Output);
