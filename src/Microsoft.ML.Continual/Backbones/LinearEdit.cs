using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>What a method changes about one linear map of a block: x ↦ x·Wᵀ + b, and with a low-rank update + (x·Downᵀ)·Upᵀ. The bias stays. Tensors of any floating type; gradients flow back to them.</summary>
public sealed record LinearEdit
{
    /// <summary>[out, in]: a weight in place of the frozen one, such as one into which updates are merged.</summary>
    /// <value>The default is null: the frozen weight.</value>
    public Tensor? Weight { get; init; }

    /// <summary>[r, in]: the first factor of a low-rank update.</summary>
    /// <value>The default is null: no update.</value>
    public Tensor? Down { get; init; }

    /// <summary>[out, r]: the second factor; given with <see cref="Down"/> or not at all.</summary>
    /// <value>The default is null: no update.</value>
    public Tensor? Up { get; init; }
}
