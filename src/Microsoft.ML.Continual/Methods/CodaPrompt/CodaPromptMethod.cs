using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>CODA-Prompt; see <see cref="CodaPromptOptions"/>. It has no site.</summary>
public sealed class CodaPromptMethod : ContinualMethod
{
    private readonly CodaPromptOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly PromptComponents[] _blocks;
    private readonly ClassifierHead _head;
    private readonly HeadAlignment? _alignment;
    private FeatureCache? _cache;
    private int _imageCount;
    private bool _inTask;

    internal CodaPromptMethod(CodaPromptOptions options)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        _blocks = [.. options.Blocks.Select(block => new PromptComponents(block, options.PromptLength, _backbone.Width, _backbone.Device))];
        _head = new ClassifierHead(_backbone.Width, _backbone.Device);
        if (options.Alignment is { } alignment) _alignment = new HeadAlignment(alignment, _backbone.Width);
    }

    /// <inheritdoc/>
    public override string Name => "CODA-Prompt";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <summary>The classifier, and during a task the components, keys and attention vectors that it has added.</summary>
    public override IReadOnlyList<TrainableParameter> Parameters => [.. _blocks.SelectMany(b => b.Parameters), .. _head.Parameters.AtRate(_options.HeadLearningRateScale)];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => [];

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        EndTask();
        _head.BeginTask(task, _options.ClassMask);
        foreach (PromptComponents block in _blocks) block.BeginTask(_options.ComponentsPerTask, _options.Start, task.Random);
        _imageCount = task.ImageCount;
        _inTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        ComponentTensors[] components = [.. _blocks.Select(b => b.Tensors())];
        // Both passes see the same frozen embedding: it is computed once.
        Tensor patches = _backbone.EmbedPatches(batch.Images);
        Tensor features = CodaPromptNetwork.Features(_backbone, components, patches, Queries(batch, patches));
        Tensor? reward = _options.OrthogonalityWeight == 0 ? null : CodaPromptNetwork.Orthogonality(components) * -_options.OrthogonalityWeight;
        return _head.Loss(features, batch.Labels, reward).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_alignment is null) return;
        using var scorer = (CodaPromptScorer)CreateScorer();
        _alignment.Conclude(task, _head, scorer.Features);
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        foreach (PromptComponents block in _blocks) block.EndTask();
        _cache?.Dispose();
        _cache = null;
        _inTask = false;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites) => new Dictionary<string, Tensor>();

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new CodaPromptScorer(_backbone, [.. _blocks.Select(b => b.Freeze())], _head);

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        foreach (PromptComponents block in _blocks) block.SaveState(state);
        _head.SaveState(state);
        _alignment?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        foreach (PromptComponents block in _blocks) block.CheckState(state);
        _head.CheckState(state);
        _alignment?.CheckState(state, state.Get("head.bias", null).shape[0] > 0);
        EndTask();
        foreach (PromptComponents block in _blocks) block.LoadState(state);
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
        _cache?.Dispose();
        foreach (PromptComponents block in _blocks) block.Dispose();
        _head.Dispose();
        _alignment?.Dispose();
    }

    /// <summary>[B, D]: from memory where every epoch sees the same pixels.</summary>
    private Tensor Queries(ImageBatch batch, Tensor patches)
    {
        if (!batch.IsDeterministic) return _backbone.ClassFeatureFromPatches(patches);
        _cache ??= new FeatureCache(_imageCount, _backbone.Width, _backbone.ComputeType, _backbone.Device);
        return _cache.Get(batch.Rows, () => _backbone.ClassFeatureFromPatches(patches));
    }
}
