using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.LinearProbe;

/// <summary>A frozen copy of the classifier.</summary>
internal sealed class LinearProbeScorer(VisionTransformer backbone, ClassifierHead head) : IScorer
{
    private readonly Tensor _weight = TrainableTensor.Freeze(head.Weight);
    private readonly Tensor _bias = TrainableTensor.Freeze(head.Bias);

    public int ClassCount => (int)_weight.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor features = backbone.ClassFeature(images).to(ScalarType.Float32);   // [B, D]
        return nn.functional.linear(features, _weight, _bias).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _weight.Dispose();
        _bias.Dispose();
    }
}
