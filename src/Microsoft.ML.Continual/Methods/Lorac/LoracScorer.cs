using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods.TaskInference;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>A frozen copy of the compositions, the classifier and, where tasks are inferred, the clusters of features.</summary>
/// <remarks>The newest composition is merged at once, with clusters the first as well; others when first asked for, and kept up to a limit.</remarks>
internal sealed class LoracScorer : ITaskAwareScorer
{
    private readonly VisionTransformer _backbone;
    private readonly Func<IReadOnlyList<LoracFactors>, int, MergedWeights> _merge;
    private readonly LoracFactors[] _factors;
    private readonly Tensor _headWeight, _headBias;
    private readonly TaskClusters? _clusters;
    private readonly int _newest, _limit;
    private readonly Dictionary<int, MergedWeights> _merged = [];   // by task; guarded by itself

    public LoracScorer(VisionTransformer backbone, LoracComposition composition, ClassifierHead head, TaskClusters? clusters, int limit)
    {
        (_backbone, _limit, _newest) = (backbone, limit, composition.TaskCount - 1);
        _merge = composition.Merger();
        _factors = [.. composition.Matrices.Select(matrix => matrix.Factors.Share())];
        _headWeight = TrainableTensor.Freeze(head.Weight);
        _headBias = TrainableTensor.Freeze(head.Bias);
        _clusters = clusters is { Count: > 0 } ? clusters.Share() : null;
        _merged[_newest] = _merge(_factors, _newest);
        if (_clusters is not null && _newest > 0) _merged[0] = _merge(_factors, 0);
    }

    public int ClassCount => (int)_headWeight.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        if (_clusters is null || _newest == 0) return Logits(Features(images, _newest)).MoveToOuterDisposeScope();
        Tensor first = Features(images, 0);   // [B, D]
        return Logits(Compose(images, first, _clusters.Infer(first))).MoveToOuterDisposeScope();
    }

    public Tensor Score(Tensor images, int task)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return Logits(Features(images, Math.Min(task, _newest))).MoveToOuterDisposeScope();
    }

    /// <summary>Features by the composition of a task, [B, D].</summary>
    internal Tensor Features(Tensor images, int task)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        MergedWeights? kept;
        lock (_merged)
        {
            // While the lock is held nobody merges the same composition twice.
            if (!_merged.TryGetValue(task, out kept) && _merged.Count < _limit + (_clusters is null || _newest == 0 ? 1 : 2)) _merged[task] = kept = _merge(_factors, task);
        }
        if (kept is not null) return kept.Features(_backbone, images).MoveToOuterDisposeScope();
        using MergedWeights once = _merge(_factors, task);
        return once.Features(_backbone, images).MoveToOuterDisposeScope();
    }

    /// <summary>The tasks that the images seem to come from, each by itself; for tests.</summary>
    internal int[] InferTasks(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return _clusters!.Nearest(Features(images, 0));
    }

    public void Dispose()
    {
        foreach (MergedWeights merged in _merged.Values) merged.Dispose();
        foreach (LoracFactors factors in _factors) factors.Dispose();
        _headWeight.Dispose();
        _headBias.Dispose();
        _clusters?.Dispose();
    }

    // Each image by the composition of its task: the images of a task together.
    private Tensor Compose(Tensor images, Tensor first, int[] tasks)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor features = first.clone();
        foreach (IGrouping<int, long> rows in tasks.Select((task, row) => (task, row: (long)row)).Where(image => image.task > 0).GroupBy(image => image.task, image => image.row))
        {
            using DisposeScope inner = NewDisposeScope();
            Tensor index = tensor((IList<long>)[.. rows], new long[] { rows.Count() }).to(images.device);
            features.index_copy_(0, index, Features(images.index_select(0, index), rows.Key));
        }
        return features.MoveToOuterDisposeScope();
    }

    private Tensor Logits(Tensor features) => nn.functional.linear(features, _headWeight, _headBias);
}
