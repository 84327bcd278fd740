using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.LinearProbe;

/// <summary>A linear classifier on frozen features; see <see cref="LinearProbeOptions"/>. It has no site: the class mask alone protects old classes.</summary>
public sealed class LinearProbeMethod : ContinualMethod
{
    private readonly LinearProbeOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly ClassifierHead _head;
    private readonly HeadAlignment? _alignment;
    private FeatureCache? _cache;
    private int _imageCount;
    private bool _inTask;

    internal LinearProbeMethod(LinearProbeOptions options)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        _head = new ClassifierHead(_backbone.Width, _backbone.Device);
        if (options.Alignment is { } alignment) _alignment = new HeadAlignment(alignment, _backbone.Width);
    }

    /// <inheritdoc/>
    public override string Name => "LinearProbe";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters => [.. _head.Parameters];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => [];

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        EndTask();
        _head.BeginTask(task, _options.ClassMask);
        _imageCount = task.ImageCount;
        _inTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        return _head.Loss(Features(batch).to(ScalarType.Float32), batch.Labels).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_alignment is null) return;
        _alignment.Conclude(task, _head, _backbone.ClassFeature);
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        _cache?.Dispose();
        _cache = null;
        _inTask = false;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites) => new Dictionary<string, Tensor>();

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new LinearProbeScorer(_backbone, _head);

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        _head.SaveState(state);
        _alignment?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        _head.CheckState(state);
        _alignment?.CheckState(state, state.Get("head.bias", null).shape[0] > 0);
        EndTask();
        _head.LoadState(state);
        _alignment?.LoadState(state);
    }

    /// <inheritdoc/>
    public override void SaveProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _cache?.SaveProgress(state);
    }

    /// <inheritdoc/>
    public override void LoadProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _cache?.Dispose();
        _cache = FeatureCache.Resume(state, _imageCount, _backbone);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        EndTask();
        _head.Dispose();
        _alignment?.Dispose();
    }

    private Tensor Features(ImageBatch batch)
    {
        using IDisposable frozen = no_grad();
        if (!batch.IsDeterministic) return _backbone.ClassFeature(batch.Images);
        _cache ??= new FeatureCache(_imageCount, _backbone.Width, _backbone.ComputeType, _backbone.Device);
        return _cache.Get(batch.Rows, () => _backbone.ClassFeature(batch.Images));
    }
}
