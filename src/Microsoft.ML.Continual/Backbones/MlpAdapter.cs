using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>
/// A bottleneck beside a block's MLP: reads the tokens behind attention, before the norm, and adds Scale · (ReLU(x·Downᵀ + DownBias)·Upᵀ + UpBias) to what the MLP adds (AdaptFormer, as in RanPAC, APER and EASE).
/// </summary>
/// <param name="Down">[r, D], of any floating type; gradients flow back to it, and to the others.</param>
/// <param name="DownBias">[r].</param>
/// <param name="Up">[D, r].</param>
/// <param name="UpBias">[D].</param>
public sealed record MlpAdapter(Tensor Down, Tensor DownBias, Tensor Up, Tensor UpBias)
{
    /// <summary>What its output is multiplied by.</summary>
    /// <value>The default is 0.1.</value>
    public double Scale { get; init; } = 0.1;
}
