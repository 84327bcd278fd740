using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>A frozen copy of what was tuned and of the classifier. Takes over the tensors.</summary>
internal sealed class PeftScorer(VisionTransformer backbone, IReadOnlyList<Tensor> tensors, Func<IReadOnlyList<Tensor>, BlockEdits> edits, (Tensor Weight, Tensor Bias) head) : IScorer
{
    public int ClassCount => (int)head.Weight.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return nn.functional.linear(Features(images), head.Weight, head.Bias).MoveToOuterDisposeScope();   // [B, D] -> [B, C]
    }

    /// <summary>[B, 3, S, S] -> [B, D]: the classifier's input.</summary>
    public Tensor Features(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return backbone.Forward(images, edits(tensors)).AverageTokens().MoveToOuterDisposeScope();   // [B, 1, D] -> [B, D]
    }

    public void Dispose()
    {
        foreach (Tensor tensor in tensors) tensor.Dispose();
        head.Weight.Dispose();
        head.Bias.Dispose();
    }
}
