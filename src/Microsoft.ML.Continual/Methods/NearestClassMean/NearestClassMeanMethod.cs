using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.NearestClassMean;

/// <summary>Class means of frozen features; see <see cref="NearestClassMeanOptions"/>. It has no parameter and no site.</summary>
public sealed class NearestClassMeanMethod : ContinualMethod
{
    private readonly NearestClassMeanOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly ClassMeans _means;
    private bool _inTask;

    internal NearestClassMeanMethod(NearestClassMeanOptions options)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        _means = new ClassMeans(_backbone.Width, _backbone.Device, options.Metric);
    }

    /// <inheritdoc/>
    public override string Name => "NearestClassMean";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _means.ClassCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters => [];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => [];

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        _means.Grow(task.ClassCount);
        _inTask = true;
    }

    /// <summary>Adds the batch to the means. The loss is the cross-entropy of its images against the means so far: a figure to watch, not one that is made smaller.</summary>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor features = _backbone.ClassFeature(batch.Images);   // [B, D]
        _means.Add(features, batch.Labels);
        Tensor prototypes = _means.Prototypes(), logits = ClassMeans.Score(features, prototypes, _means.Offsets(prototypes), _options.Metric);
        Tensor loss = nn.functional.cross_entropy(logits, batch.Labels).MoveToOuterDisposeScope();
        return new LossTerms(loss, loss, logits.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override void EndTask() => _inTask = false;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites) => new Dictionary<string, Tensor>();

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new NearestClassMeanScorer(_backbone, _means, _options.Metric);

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        _means.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        EndTask();
        _means.LoadState(state);
    }

    /// <inheritdoc/>
    public override void SaveProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _means.SaveState(state);   // a task adds to the sums as it goes
    }

    /// <inheritdoc/>
    public override void LoadProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _means.LoadState(state);
    }

    /// <inheritdoc/>
    public override void Dispose() => _means.Dispose();
}
