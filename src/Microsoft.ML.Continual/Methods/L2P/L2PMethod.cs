using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
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
    private readonly ProjectionSite _promptSite, _keySite;
    private FeatureCache? _cache;
    private Tensor? _givenPrompts;
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
        _promptSite = MakeSite("prompt", SiteRole.Prompt, _prompts, (long)pool * options.PromptLength, protectsOwnRows: true);
        _keySite = MakeSite("key", SiteRole.PoolKey, _keys, pool, protectsOwnRows: false);
        Sites = [_promptSite, _keySite];
    }

    /// <inheritdoc/>
    public override string Name => "L2P";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters => [new("prompt.prompt", _prompts), new("prompt.prompt_key", _keys), .. _head.Parameters];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites { get; }

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        EndTask();
        _head.BeginTask(task, _options.ClassMask);
        using (IDisposable frozen = no_grad())
        {
            foreach (ProjectionSite site in Sites) site.RowsInUse!.fill_(false);
        }
        int k = _options.TopK, first = task.Index * k;
        bool hasOwnPrompts = first + k <= _options.PoolSize;
        if (hasOwnPrompts && task.Index > 0)
        {
            if (_options.SharePrompts) CopySlot(_prompts, first, k);
            if (_options.ShareKeys) CopySlot(_keys, first, k);
        }
        if (_options.PromptMask && hasOwnPrompts)
            _givenPrompts = arange(first, first + k, ScalarType.Int64, _backbone.Device).unsqueeze(0).DetachFromDisposeScope();
        _imageCount = task.ImageCount;
        _inTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using DisposeScope scope = NewDisposeScope();
        L2PPass pass = Run(batch);
        Tensor logits = _head.Mask(_head.Logits(pass.Features));
        Tensor crossEntropy = nn.functional.cross_entropy(logits, batch.Labels);
        Tensor total = _options.PullConstraint == 0 ? crossEntropy : crossEntropy - L2PNetwork.Pull(pass) * _options.PullConstraint;
        return new LossTerms(total.MoveToOuterDisposeScope(), crossEntropy.detach().MoveToOuterDisposeScope(), logits.detach().MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        _cache?.Dispose();
        _cache = null;
        _givenPrompts?.Dispose();
        _givenPrompts = null;
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
        ArgumentNullException.ThrowIfNull(state);
        state.Values["method"] = Name;
        state.Values["poolSize"] = _options.PoolSize;
        state.Values["promptLength"] = _options.PromptLength;
        state.Add("prompt.prompt", _prompts);
        state.Add("prompt.prompt_key", _keys);
        _head.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        string? method = (string?)state.Values["method"];
        if (method != Name) throw new InvalidDataException($"The state is of the method '{method}'; expected '{Name}'.");
        Tensor prompts = state.Get("prompt.prompt", _options.PoolSize, _options.PromptLength, _backbone.Width);
        Tensor keys = state.Get("prompt.prompt_key", _options.PoolSize, _backbone.Width);
        _head.CheckState(state);
        EndTask();
        using IDisposable frozen = no_grad();
        _prompts.copy_(prompts);
        _keys.copy_(keys);
        _head.LoadState(state);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        EndTask();
        _prompts.Dispose();
        _keys.Dispose();
        _head.Dispose();
        foreach (ProjectionSite site in Sites)
        {
            site.RowsInUse?.Dispose();
            site.RowsOfFirstImage?.Dispose();
        }
    }

    /// <summary>The forward pass of <see cref="ComputeLoss"/> up to the classifier's input. Notes which prompts were selected.</summary>
    internal L2PPass Run(ImageBatch batch)
    {
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        // Both passes see the same frozen embedding: it is computed once.
        Tensor patches = _backbone.EmbedPatches(batch.Images);
        Tensor queries = Queries(batch, patches);
        L2PPass pass = L2PNetwork.Run(_backbone, _options, _prompts, _keys, patches, queries, _options.TrainingSelection, _givenPrompts);
        NoteSelection(pass.SelectedMask);
        foreach (Tensor tensor in new[] { pass.Similarity, pass.Selected, pass.SelectedMask, pass.PromptTokens, pass.Features }) tensor.MoveToOuterDisposeScope();
        return pass;
    }

    private Tensor Queries(ImageBatch batch, Tensor patches)
    {
        if (!batch.IsDeterministic || _options.Query != L2PQuery.ClassFeature) return L2PNetwork.Queries(_backbone, _options.Query, patches);
        _cache ??= new FeatureCache(_imageCount, _backbone.Width, _backbone.ComputeType, _backbone.Device);
        return _cache.Get(batch.Rows, () => L2PNetwork.Queries(_backbone, _options.Query, patches));
    }

    /// <summary>Marks the rows that this batch selected, and those of its first image. [B or 1, k, M] bool.</summary>
    private void NoteSelection(Tensor selectedMask)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor perImage = selectedMask.any(1);             // [B or 1, M]
        Tensor inBatch = perImage.any(0);                  // [M]
        Tensor first = perImage.select(0, 0);              // [M]
        Note(_keySite, inBatch, first);
        int length = _options.PromptLength;
        // [M] -> [M, L] -> [M·L]
        Note(_promptSite, inBatch.unsqueeze(1).expand(-1, length).reshape(-1), first.unsqueeze(1).expand(-1, length).reshape(-1));

        static void Note(ProjectionSite site, Tensor rows, Tensor firstRows)
        {
            site.RowsInUse!.logical_or_(rows);
            site.RowsOfFirstImage!.copy_(firstRows);
        }
    }

    /// <summary>Prompts (or keys) first … first + k − 1 become copies of the k before them. Slots are whole, so the two ranges never overlap.</summary>
    private static void CopySlot(Parameter pool, int first, int k)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        pool.narrow(0, first, k).copy_(pool.narrow(0, first - k, k));
    }

    private ProjectionSite MakeSite(string name, SiteRole role, Parameter parameter, long rows, bool protectsOwnRows) => new(name, parameter, _backbone.Width, protectsOwnRows)
    {
        Role = role,
        RowsInUse = zeros(new long[] { rows }, ScalarType.Bool, _backbone.Device).DetachFromDisposeScope(),
        RowsOfFirstImage = zeros(new long[] { rows }, ScalarType.Bool, _backbone.Device).DetachFromDisposeScope(),
    };
}
