using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>The random features and a frozen copy of the regression's weights; the scorer owns both.</summary>
internal sealed class RanPacScorer(VisionTransformer backbone, RandomProjection projection, Tensor weights, RidgeScoring scoring) : IScorer
{
    public int ClassCount => (int)weights.shape[1];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return RidgeClassifier.Score(projection.Apply(RanPacMethod.Features(backbone, images)), weights, scoring).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        projection.Dispose();
        weights.Dispose();
    }
}
