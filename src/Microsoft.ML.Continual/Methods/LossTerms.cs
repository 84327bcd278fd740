using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>The outcome of one training forward pass. The tensors stay on the device; none is read per step.</summary>
/// <param name="Total">The scalar that is differentiated.</param>
/// <param name="CrossEntropy">The scalar cross-entropy alone, for reports.</param>
/// <param name="Logits">[B, C] after the class mask, detached, for the training accuracy.</param>
public sealed record LossTerms(Tensor Total, Tensor CrossEntropy, Tensor Logits)
{
    /// <summary>Lets all three live in the scope around the current one.</summary>
    internal LossTerms MoveToOuterDisposeScope()
    {
        foreach (Tensor tensor in new[] { Total, CrossEntropy, Logits }) tensor.MoveToOuterDisposeScope();
        return this;
    }
}
