using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>DualPrompt; see <see cref="DualPromptOptions"/>.</summary>
/// <remarks>
/// <para>Sites, for each block b with a prompt: <c>block{b}.g_prompt.key</c> or <c>block{b}.e_prompt.key</c> (activations: the block's queries), the same with <c>.value</c> (attention weights; not projected by
/// default), or without either by prompt tuning (tokens that enter the block); and <c>key</c>, the keys of the pool (query features; not projected by default, as in PGP's code).</para>
/// <para>In the shape comments B is images, M E-prompts, L tokens of a prompt, D width, H heads, d = D / H.</para>
/// </remarks>
public sealed class DualPromptMethod : ContinualMethod
{
    private readonly DualPromptOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly Parameter? _gPrompts;
    private readonly Parameter _ePrompts, _keys;
    private readonly ClassifierHead _head;
    private readonly HeadAlignment? _alignment;
    private readonly PoolUsage _usage;
    private readonly DualPromptSites[] _blocks;
    private readonly ProjectionSite _keySite;
    private FeatureCache? _cache;
    private int _imageCount;
    private bool _inTask;

    internal DualPromptMethod(DualPromptOptions options, SeededRandom random)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        VisionTransformerConfig config = _backbone.Config;
        using DisposeScope scope = NewDisposeScope();
        bool gPrefix = options.GMode == PromptMode.PrefixTuning, ePrefix = options.EMode == PromptMode.PrefixTuning;
        int g = options.GBlocks.Count, e = options.EBlocks.Count, heads = config.Heads, d = config.HeadWidth;
        if (g > 0) _gPrompts = Draw(gPrefix ? [g, 2, options.GPromptLength, heads, d] : [g, options.GPromptLength, config.Width]);
        _ePrompts = Draw(ePrefix ? [e, 2, options.PoolSize, options.EPromptLength, heads, d] : [e, options.PoolSize, options.EPromptLength, config.Width]);
        _keys = Draw(options.PoolSize, config.Width);
        _head = new ClassifierHead(config.Width, _backbone.Device);
        if (options.Alignment is { } alignment) _alignment = new HeadAlignment(alignment, _backbone.Width);

        DualPromptSites[] general = [.. options.GBlocks.Select((block, i) =>
            new DualPromptSites(block, "g_prompt", _gPrompts!, t => t.select(0, i), options.GMode, options.GPromptLength, 1, config))];
        DualPromptSites[] expert = [.. options.EBlocks.Select((block, i) =>
            new DualPromptSites(block, "e_prompt", _ePrompts, t => t.select(0, i), options.EMode, options.EPromptLength, options.TopK, config))];
        _blocks = [.. general, .. expert];
        _keySite = new ProjectionSite("key", _keys, config.Width, protectsOwnRows: false) { Role = SiteRole.PoolKey, ProjectedByDefault = false };
        Sites = [.. _blocks.SelectMany(b => b.Sites), _keySite];
        _usage = new PoolUsage(options.PoolSize, options.TopK, _backbone.Device);
        foreach (ProjectionSite site in expert.SelectMany(b => b.Sites).Append(_keySite))
        {
            _usage.Watch(site);
            foreach (ProjectionSite head in site.Heads) _usage.Watch(head);
        }

        Parameter Draw(params long[] shape) => TrainableTensor.Create(random.UniformTensor(-options.InitialRange, options.InitialRange, shape), _backbone.Device);
    }

    /// <inheritdoc/>
    public override string Name => "DualPrompt";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters =>
        [.. _gPrompts is null ? [] : new[] { new TrainableParameter("g_prompt", _gPrompts) }, new("e_prompt.prompt", _ePrompts), new("e_prompt.prompt_key", _keys), .. _head.Parameters.AtRate(_options.HeadLearningRateScale)];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites { get; }

    private DualPromptTensors Tensors => new(_gPrompts, _ePrompts, _keys);

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        EndTask();
        _head.BeginTask(task, _options.ClassMask);
        _usage.BeginTask(task.Index, _options.PromptMask);
        if (_options.SharePrompts) _usage.CopyFromTaskBefore(_ePrompts, _options.EMode == PromptMode.PrefixTuning ? 2 : 1, task.Index);   // the axis of the M prompts
        if (_options.ShareKeys) _usage.CopyFromTaskBefore(_keys, 0, task.Index);
        _imageCount = task.ImageCount;
        _inTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using DisposeScope scope = NewDisposeScope();
        DualPromptPass pass = Run(batch);
        Tensor? pull = _options.PullConstraint == 0 ? null : PromptMatching.Pull(pass.Similarity, pass.SelectedMask) * _options.PullConstraint;
        return _head.Loss(pass.Features, batch.Labels, pull).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_alignment is null) return;
        using var scorer = (DualPromptScorer)CreateScorer();
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
    /// <remarks>Each image sees the E-prompts that <see cref="DualPromptOptions.ActivationPrompts"/> selects for it, keys as keys and values as values. Blocks behind the last wanted site are not run.</remarks>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(sites);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        var activations = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        Tensor patches = _backbone.EmbedPatches(images);
        int blocks = _blocks.Max(b => b.BlocksFor(sites));
        if (blocks > 0)
        {
            Tensor mask = DualPromptNetwork.Select(_options, _keys, ActivationQueries(patches), PromptSelection.PerImage, null).Mask;
            _backbone.ForwardPatches(patches, DualPromptNetwork.Edits(_options, Tensors, mask, patches.shape[0], EPromptLayout.Correct) with
            {
                BlockCount = blocks,
                Capture = block => Array.ForEach(_blocks, b => b.Collect(block, sites, activations, scope)),
                CaptureAttention = attention => Array.ForEach(_blocks, b => b.Collect(attention, sites, activations, scope)),
            });
            foreach (Tensor collected in activations.Values) collected.MoveToOuterDisposeScope();
        }
        if (sites.Contains(_keySite.Name))
            activations[_keySite.Name] = _backbone.ClassFeatureFromPatches(patches).to(ScalarType.Float32).unsqueeze(1).MoveToOuterDisposeScope();   // [B, 1, D]
        return activations;
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new DualPromptScorer(_backbone, _options, Tensors, _head);

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        if (_gPrompts is not null) state.Add("g_prompt", _gPrompts);
        state.Add("e_prompt.prompt", _ePrompts);
        state.Add("e_prompt.prompt_key", _keys);
        _head.SaveState(state);
        _alignment?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        Tensor? general = _gPrompts is null ? null : state.Get("g_prompt", _gPrompts.shape);
        if (_gPrompts is null && state.Contains("g_prompt")) throw new InvalidDataException("The state has G-prompts; these options have none.");
        Tensor prompts = state.Get("e_prompt.prompt", _ePrompts.shape), keys = state.Get("e_prompt.prompt_key", _keys.shape);
        _head.CheckState(state);
        _alignment?.CheckState(state, state.Get("head.bias", null).shape[0] > 0);
        EndTask();
        using IDisposable frozen = no_grad();
        _gPrompts?.copy_(general!);
        _ePrompts.copy_(prompts);
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
        _gPrompts?.Dispose();
        _ePrompts.Dispose();
        _keys.Dispose();
        _head.Dispose();
        _alignment?.Dispose();
        _usage.Dispose();
    }

    /// <summary>The forward pass of <see cref="ComputeLoss"/> up to the classifier's input. Notes which E-prompts were selected.</summary>
    internal DualPromptPass Run(ImageBatch batch)
    {
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        // Both passes see the same frozen embedding: it is computed once.
        Tensor patches = _backbone.EmbedPatches(batch.Images);
        DualPromptPass pass = DualPromptNetwork.Run(_backbone, _options, Tensors, patches, Queries(batch, patches), _options.TrainingSelection, _usage.Given);
        _usage.Note(pass.SelectedMask);
        foreach (Tensor tensor in new[] { pass.Similarity, pass.Selected, pass.SelectedMask, pass.Features }) tensor.MoveToOuterDisposeScope();
        return pass;
    }

    /// <summary>[B, D]: from memory where every epoch sees the same pixels.</summary>
    private Tensor Queries(ImageBatch batch, Tensor patches)
    {
        if (!batch.IsDeterministic) return _backbone.ClassFeatureFromPatches(patches);
        _cache ??= new FeatureCache(_imageCount, _backbone.Width, _backbone.ComputeType, _backbone.Device);
        return _cache.Get(batch.Rows, () => _backbone.ClassFeatureFromPatches(patches));
    }

    /// <summary>[B, D].</summary>
    internal Tensor ActivationQueries(Tensor patches)
    {
        if (_options.ActivationPrompts == ActivationPrompts.ByClassFeature) return _backbone.ClassFeatureFromPatches(patches);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor? largest = null;   // of the tokens with their positions, the class token among them: [B, 1 + N, D] -> [B, D]
        _backbone.ForwardPatches(patches, new BlockEdits { BlockCount = 1, Capture = block => scope.Attach(largest = block.Input.amax([1])) });
        return largest!.MoveToOuterDisposeScope();
    }
}
