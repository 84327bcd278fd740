using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Inference;

/// <summary>From decoded images to class probabilities. Safe to call from several threads.</summary>
internal sealed class ImageScorer(IScorer scorer, MethodOptions options) : IDisposable
{
    private readonly ImagePreparer _preparer = new(options.Backbone!);

    /// <summary>The host half, for a background thread.</summary>
    public PackedImages Pack(IReadOnlyList<HostImage> images) => _preparer.PackForEvaluation(images, options.EvaluationView);

    /// <summary>The device half.</summary>
    public Probabilities Score(PackedImages packed)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        Tensor logits = scorer.Score(_preparer.Prepare(packed));   // [B, 3, S, S] -> [B, C]
        float[] values = logits.to(float32).softmax(1).cpu().contiguous().data<float>().ToArray();
        return new Probabilities(values, scorer.ClassCount);
    }

    public void Dispose() => scorer.Dispose();
}
