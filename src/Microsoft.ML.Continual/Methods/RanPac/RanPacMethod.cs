using System.Globalization;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>Ridge regression on random features; see <see cref="RanPacOptions"/>. It has no site, and parameters only in the first session.</summary>
public sealed class RanPacMethod : ContinualMethod
{
    private const int RowBlock = 512;   // images whose random features are there at a time

    private readonly RanPacOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly RidgeClassifier _classifier;
    private readonly FeatureAdapter? _adapter;   // where there is a first session
    private RandomProjection _projection;
    private GatheredFeatures? _gathered;   // during a task
    private CosineHead? _head;             // during the first session

    internal RanPacMethod(RanPacOptions options, SeededRandom random)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        _projection = new RandomProjection(_backbone.Width, options.ProjectionWidth, unchecked((long)random.NextUInt64()), _backbone.Device);
        _classifier = new RidgeClassifier(_projection.Width, _backbone.Device);
        if (options.FirstSession == FirstSession.Adapter) _adapter = new FeatureAdapter(_backbone, options.AdapterWidth, random);
    }

    /// <inheritdoc/>
    public override string Name => "RanPAC";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _classifier.ClassCount;

    /// <summary>In the first session the adapter and its classifier; else none.</summary>
    public override IReadOnlyList<TrainableParameter> Parameters => _head is null ? [] : [.. _adapter!.Parameters, .. _head.Parameters];

    /// <summary>One epoch in all but in the first session.</summary>
    public override int ExtraEpochs => _head is null ? 1 - _options.Epochs : 0;

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => [];

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        EndTask();
        _classifier.Grow(task.ClassCount);
        _gathered = new GatheredFeatures(task.ImageCount, _backbone.Width, _backbone.Device);
        if (_adapter is not null && task.Index == 0) _head = new CosineHead(task.ClassCount, _backbone.Width, _backbone.Device, task.Random);
    }

    /// <summary>
    /// In the first session the cross-entropy of the cosine classifier. Else keeps the features of images that are seen as in prediction for the end of the task, and the loss is the cross-entropy by the regression
    /// of the tasks before, to which new classes are unknown: a figure to watch, not one that is made smaller.
    /// </summary>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_gathered is null) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        if (_head is not null)
        {
            Tensor cosines = _head.Logits(Features(_backbone, _adapter!.Edits(), batch.Images)), total = nn.functional.cross_entropy(cosines, batch.Labels);
            return new LossTerms(total, total.detach(), cosines.detach()).MoveToOuterDisposeScope();
        }
        using IDisposable frozen = no_grad();
        Tensor features = Features(batch.Images);
        if (batch.IsDeterministic) _gathered.Set(batch.Rows, features, batch.Labels);
        Tensor logits = RidgeClassifier.Score(_projection.Apply(features), _classifier.Weights, _options.Scoring);
        Tensor loss = nn.functional.cross_entropy(logits, batch.Labels).MoveToOuterDisposeScope();
        return new LossTerms(loss, loss, logits.MoveToOuterDisposeScope());
    }

    /// <summary>Adds the task's images to the sums and solves the regression over all tasks.</summary>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_gathered is null) throw new InvalidOperationException("The method is in no task: BeginTask comes before Conclude.");
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        if (!_gathered.IsComplete) Gather(_gathered, task);
        (Tensor features, Tensor labels) = _gathered.Complete();
        if (!features.isfinite().all().item<bool>()) throw new InvalidOperationException("The network's feature of some image is not finite. Nothing of this Fit was kept. Look for pixels out of range.");
        double? ridge = _options.Ridge ?? RidgeSelection.Choose(_projection, features, labels, task.Random);
        for (long first = 0; first < features.shape[0]; first += RowBlock)
        {
            using DisposeScope block = NewDisposeScope();
            long count = Math.Min(RowBlock, features.shape[0] - first);
            _classifier.Add(_projection.Apply(features.narrow(0, first, count)), labels.narrow(0, first, count));
        }
        _classifier.Solve(ridge, task.Log);
        task.Log(string.Create(CultureInfo.InvariantCulture, $"RanPAC: {_projection.Width} features, {features.shape[0]} images added, {_classifier.ClassCount} classes, ridge {_classifier.Ridge:g3}"));
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        _gathered?.Dispose();
        _head?.Dispose();
        (_gathered, _head) = (null, null);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites) => new Dictionary<string, Tensor>();

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new RanPacScorer(_backbone, _adapter?.Freeze(), _projection.Share(), TrainableTensor.Freeze(_classifier.Weights), _options.Scoring);

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        state.Values["projection seed"] = _projection.Seed;
        _classifier.SaveState(state);
        _adapter?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        _classifier.CheckState(state);
        if (_adapter is null && state.Contains("adapter.down.weight")) throw new InvalidDataException($"The state has adapters of a first session; these options have {nameof(RanPacOptions.FirstSession)} {FirstSession.None}.");
        _adapter?.CheckState(state);
        long seed = (long?)state.Values["projection seed"] ?? throw new InvalidDataException("The state lacks the value 'projection seed'.");
        EndTask();
        _classifier.LoadState(state);
        _adapter?.LoadState(state);
        if (seed == _projection.Seed) return;
        _projection.Dispose();
        _projection = new RandomProjection(_backbone.Width, _options.ProjectionWidth, seed, _backbone.Device);
    }

    /// <inheritdoc/>
    public override void SaveProgress(StateDictionary state) => _gathered?.SaveProgress(state);

    /// <inheritdoc/>
    public override void LoadProgress(StateDictionary state) => _gathered?.LoadProgress(state);

    /// <inheritdoc/>
    public override void Dispose()
    {
        EndTask();
        _projection.Dispose();
        _classifier.Dispose();
        _adapter?.Dispose();
    }

    /// <summary>h, [B, 3, S, S] -> [B, D] float32, in the caller's dispose scope.</summary>
    internal static Tensor Features(VisionTransformer backbone, BlockEdits edits, Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return backbone.Forward(images, edits).AverageTokens().MoveToOuterDisposeScope();   // [B, 1, D] -> [B, D]
    }

    private Tensor Features(Tensor images) => Features(_backbone, _adapter?.Edits() ?? BlockEdits.None, images);

    /// <summary>The features that training has not brought: where it saw other views, or another network.</summary>
    private void Gather(GatheredFeatures gathered, FinishedTask task)
    {
        foreach (ImageBatch batch in task.SampleImages(task.ImageCount))
        {
            using DisposeScope scope = NewDisposeScope();
            gathered.Set(batch.Rows, Features(batch.Images), batch.Labels);
        }
    }
}
