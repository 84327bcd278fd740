using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.NearestClassMean;

/// <summary>A frozen copy of the class means.</summary>
internal sealed class NearestClassMeanScorer : IScorer
{
    private readonly VisionTransformer _backbone;
    private readonly ClassMeanMetric _metric;
    private readonly Tensor _prototypes, _offsets;

    public NearestClassMeanScorer(VisionTransformer backbone, ClassMeans means, ClassMeanMetric metric)
    {
        (_backbone, _metric) = (backbone, metric);
        _prototypes = means.Prototypes().DetachFromDisposeScope();
        _offsets = means.Offsets(_prototypes).DetachFromDisposeScope();
    }

    public int ClassCount => (int)_prototypes.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return ClassMeans.Score(_backbone.ClassFeature(images), _prototypes, _offsets, _metric).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _prototypes.Dispose();
        _offsets.Dispose();
    }
}
