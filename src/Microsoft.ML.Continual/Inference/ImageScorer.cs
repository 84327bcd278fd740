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
    /// <param name="packed">The images.</param>
    /// <param name="hint">The task they come from, where it is known: other classes than the task's get the probability 0.</param>
    public Probabilities Score(PackedImages packed, TaskHint? hint = null)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        Tensor images = _preparer.Prepare(packed);   // [B, 3, S, S]
        Tensor logits = (hint?.Index is { } task && scorer is ITaskAwareScorer aware ? aware.Score(images, task) : scorer.Score(images)).to(float32);   // [B, C]
        if (hint is null) return new Probabilities(Read(logits.softmax(1)), scorer.ClassCount);
        Tensor allowed = tensor((IList<long>)[.. hint.Classes.Select(c => (long)c)], new long[] { hint.Classes.Count }).to(logits.device);
        Tensor probabilities = zeros_like(logits).index_copy_(1, allowed, logits.index_select(1, allowed).softmax(1));
        return new Probabilities(Read(probabilities), scorer.ClassCount);
    }

    private static float[] Read(Tensor values) => values.cpu().contiguous().data<float>().ToArray();

    public void Dispose() => scorer.Dispose();
}
