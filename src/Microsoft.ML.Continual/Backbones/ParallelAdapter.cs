using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>
/// A bottleneck beside a block's attention: reads what attention reads, the tokens after the norm, and adds GELU(z·Downᵀ)·Upᵀ to what attention adds. No biases.
/// </summary>
/// <param name="Down">[r, D], of any floating type; gradients flow back to it.</param>
/// <param name="Up">[D, r].</param>
public sealed record ParallelAdapter(Tensor Down, Tensor Up);
