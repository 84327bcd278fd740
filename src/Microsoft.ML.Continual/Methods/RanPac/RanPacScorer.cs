using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>The random features and frozen copies of the adapter and the regression's weights; the scorer owns them.</summary>
/// <param name="backbone">The frozen network.</param>
/// <param name="adapter">As <see cref="FeatureAdapter.Freeze"/> gives it; null without a first session.</param>
/// <param name="projection">Makes φ.</param>
/// <param name="weights">[M, C].</param>
/// <param name="scoring">How φ and weights are compared.</param>
internal sealed class RanPacScorer(VisionTransformer backbone, IReadOnlyList<Tensor>? adapter, RandomProjection projection, Tensor weights, RidgeScoring scoring) : IScorer
{
    public int ClassCount => (int)weights.shape[1];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return RidgeClassifier.Score(projection.Apply(RanPacMethod.Features(backbone, adapter is null ? BlockEdits.None : FeatureAdapter.Edits(adapter), images)), weights, scoring).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (Tensor tensor in adapter ?? []) tensor.Dispose();
        projection.Dispose();
        weights.Dispose();
    }
}
