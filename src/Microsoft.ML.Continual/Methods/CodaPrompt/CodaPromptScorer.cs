using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>A frozen copy of components and classifier.</summary>
/// <param name="backbone">The frozen network.</param>
/// <param name="components">Those of each prompted block; the scorer owns them.</param>
/// <param name="head">The classifier to copy.</param>
internal sealed class CodaPromptScorer(VisionTransformer backbone, ComponentTensors[] components, ClassifierHead head) : IScorer
{
    private readonly Tensor _weight = TrainableTensor.Freeze(head.Weight);
    private readonly Tensor _bias = TrainableTensor.Freeze(head.Bias);

    public int ClassCount => (int)_weight.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return nn.functional.linear(Features(images), _weight, _bias).MoveToOuterDisposeScope();   // [B, D] -> [B, C]
    }

    /// <summary>[B, 3, S, S] -> [B, D]: the classifier's input.</summary>
    public Tensor Features(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor patches = backbone.EmbedPatches(images);
        return CodaPromptNetwork.Features(backbone, components, patches, backbone.ClassFeatureFromPatches(patches)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (ComponentTensors block in components)
            foreach (Tensor tensor in new[] { block.Prompts, block.Keys, block.Attention }) tensor.Dispose();
        _weight.Dispose();
        _bias.Dispose();
    }
}
