using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.L2P;

/// <summary>Learning to Prompt; see <see cref="L2POptions"/>.</summary>
/// <remarks>
/// Sites: <c>prompt</c> (rows: all prompts' tokens; activations: patch embeddings before class token and positions) and <c>key</c> (rows: keys;
/// activations: queries). In the shape comments B is images, N patches, M prompts in the pool, L their length, k selected prompts, D width.
/// </remarks>
public sealed class L2PMethod : ContinualMethod
{
    private readonly L2POptions _options;
    private readonly VisionTransformer _backbone;
    private readonly Parameter _prompts, _keys;
    private readonly ClassifierHead _head;
    private readonly HeadAlignment? _alignment;
    private readonly ProjectionSite _promptSite, _keySite;
    private readonly PoolUsage _usage;
    private FeatureCache? _cache;
    private int _imageCount;
    private bool _inTask;

    internal L2PMethod(L2POptions options, SeededRandom random)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        int width = _backbone.Width, pool = options.PoolSize;
        using DisposeScope scope = NewDisposeScope();
        double range = options.InitialRange;
        _prompts = TrainableTensor.Create(random.UniformTensor(-range, range, pool, options.PromptLength, width), _backbone.Device);
        _keys = TrainableTensor.Create(random.UniformTensor(-range, range, pool, width), _backbone.Device);
        _head = new ClassifierHead(width, _backbone.Device);
        if (options.Alignment is { } alignment) _alignment = new HeadAlignment(alignment, _backbone.Width);
        _promptSite = new ProjectionSite("prompt", _prompts, width, protectsOwnRows: true);
        _keySite = new ProjectionSite("key", _keys, width, protectsOwnRows: false) { Role = SiteRole.PoolKey };
        Sites = [_promptSite, _keySite];
        _usage = new PoolUsage(pool, options.TopK, _backbone.Device);
        foreach (ProjectionSite site in Sites) _usage.Watch(site);
    }

    /// <inheritdoc/>
    public override string Name => "L2P";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters => [new("prompt.prompt", _prompts), new("prompt.prompt_key", _keys), .. _head.Parameters.AtRate(_options.HeadLearningRateScale)];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites { get; }

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        EndTask();
        _head.BeginTask(task, _options.ClassMask);
        _usage.BeginTask(task.Index, _options.PromptMask);
        if (_options.SharePrompts) _usage.CopyFromTaskBefore(_prompts, 0, task.Index);
        if (_options.ShareKeys) _usage.CopyFromTaskBefore(_keys, 0, task.Index);
        _imageCount = task.ImageCount;
        _inTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using DisposeScope scope = NewDisposeScope();
        L2PPass pass = Run(batch);
        Tensor? pull = _options.PullConstraint == 0 ? null : PromptMatching.Pull(pass.Similarity, pass.SelectedMask) * _options.PullConstraint;
        return _head.Loss(pass.Features, batch.Labels, pull).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_alignment is null) return;
        using var scorer = (L2PScorer)CreateScorer();
        _alignment.Conclude(task, _head, images => scorer.Run(images).Features);
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        _cache?.Dispose();
        _cache = null;
        _usage.EndTask();
        _inTask = false;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(sites);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor patches = _backbone.EmbedPatches(images);
        var activations = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        if (sites.Contains(_promptSite.Name)) activations[_promptSite.Name] = patches.to(ScalarType.Float32).MoveToOuterDisposeScope();   // [B, N, D]
        if (sites.Contains(_keySite.Name))
            activations[_keySite.Name] = L2PNetwork.Queries(_backbone, _options.Query, patches).to(ScalarType.Float32).unsqueeze(1).MoveToOuterDisposeScope();   // [B, 1, D]
        return activations;
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new L2PScorer(_backbone, _options, _prompts, _keys, _head);

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        state.Values["poolSize"] = _options.PoolSize;
        state.Values["promptLength"] = _options.PromptLength;
        state.Add("prompt.prompt", _prompts);
        state.Add("prompt.prompt_key", _keys);
        _head.SaveState(state);
        _alignment?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        Tensor prompts = state.Get("prompt.prompt", _options.PoolSize, _options.PromptLength, _backbone.Width);
        Tensor keys = state.Get("prompt.prompt_key", _options.PoolSize, _backbone.Width);
        _head.CheckState(state);
        _alignment?.CheckState(state, state.Get("head.bias", null).shape[0] > 0);
        EndTask();
        using IDisposable frozen = no_grad();
        _prompts.copy_(prompts);
        _keys.copy_(keys);
        _head.LoadState(state);
        _alignment?.LoadState(state);
    }

    /// <inheritdoc/>
    public override void SaveProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _usage.SaveProgress(state);
        _cache?.SaveProgress(state);
    }

    /// <inheritdoc/>
    public override void LoadProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _usage.LoadProgress(state);
        _cache?.Dispose();
        _cache = FeatureCache.Resume(state, _imageCount, _backbone);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        EndTask();
        _prompts.Dispose();
        _keys.Dispose();
        _head.Dispose();
        _alignment?.Dispose();
        _usage.Dispose();
    }

    /// <summary>The forward pass of <see cref="ComputeLoss"/> up to the classifier's input. Notes which prompts were selected.</summary>
    internal L2PPass Run(ImageBatch batch)
    {
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        // Both passes see the same frozen embedding: it is computed once.
        Tensor patches = _backbone.EmbedPatches(batch.Images);
        Tensor queries = Queries(batch, patches);
        L2PPass pass = L2PNetwork.Run(_backbone, _options, _prompts, _keys, patches, queries, _options.TrainingSelection, _usage.Given);
        _usage.Note(pass.SelectedMask);
        foreach (Tensor tensor in new[] { pass.Similarity, pass.Selected, pass.SelectedMask, pass.PromptTokens, pass.Features }) tensor.MoveToOuterDisposeScope();
        return pass;
    }

    private Tensor Queries(ImageBatch batch, Tensor patches)
    {
        if (!batch.IsDeterministic || _options.Query != L2PQuery.ClassFeature) return L2PNetwork.Queries(_backbone, _options.Query, patches);
        _cache ??= new FeatureCache(_imageCount, _backbone.Width, _backbone.ComputeType, _backbone.Device);
        return _cache.Get(batch.Rows, () => L2PNetwork.Queries(_backbone, _options.Query, patches));
    }
}
