using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>A composition merged into the weights of the blocks that have one: with them a forward pass costs what the plain network's costs.</summary>
internal sealed class MergedWeights(IReadOnlyDictionary<(int Block, BlockLinear Linear), LinearEdit> linears) : IDisposable
{
    /// <summary>The class token after the final norm: [B, 3, S, S] -> [B, D] float32.</summary>
    public Tensor Features(VisionTransformer backbone, Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return backbone.Forward(images, new BlockEdits { Linears = linears }).AverageTokens().MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (LinearEdit edit in linears.Values) edit.Weight!.Dispose();
    }
}
