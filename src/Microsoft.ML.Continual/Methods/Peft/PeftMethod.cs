using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.DeepPrompt;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>Adapters, low-rank updates, prefixes or prompts in some blocks, with a head for each task; see <see cref="PeftOptions"/>.</summary>
/// <remarks>
/// Sites, for each tuned block: <c>block0.adapter.down</c> and <c>.up</c>; <c>block0.lora.qkv.down</c> and <c>.up</c>, so for each map; <c>block0.prefix.key</c> and <c>.value</c>; <c>block0.prompt</c>.
/// In the shape comments B is images, T tokens, D width, n classes that compete.
/// </remarks>
public sealed class PeftMethod : ContinualMethod
{
    private readonly PeftOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly PeftModule _module;
    private readonly TaskHead _head;
    private readonly PhaseCopies _phases;
    private readonly HeadAlignment? _alignment;
    private int _task = -1, _epoch;      // −1: in no task

    internal PeftMethod(PeftOptions options, PeftModule module)
    {
        (_options, _backbone, _module) = (options, options.Network, module);
        _head = new TaskHead(_backbone.Width, _backbone.Device);
        _phases = new PhaseCopies(module.Parameters);
        if (options.Alignment is { } alignment) _alignment = new HeadAlignment(alignment, _backbone.Width);
    }

    /// <inheritdoc/>
    public override string Name => _module.Name;

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <summary>What is tuned, and during a task the rows of its classes in the classifier.</summary>
    public override IReadOnlyList<TrainableParameter> Parameters => [.. _module.Parameters, .. _head.Parameters.AtRate(_options.HeadLearningRateScale)];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => _module.Sites;

    /// <inheritdoc/>
    public override int ExtraEpochs => HasSecondPhase ? _options.PlasticityEpochs : 0;

    /// <inheritdoc/>
    public override bool IsConstrained => !IsFrozen && !IsSecondPhase;

    private bool HasSecondPhase => _task > 0 && _options.PlasticityEpochs > 0;

    private bool IsSecondPhase => HasSecondPhase && _epoch >= _options.Epochs;

    private bool IsFrozen => _task > 0 && _epoch < _options.FrozenEpochs;

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        _head.BeginTask(task, _options.ClassMask, HeadInitialization.Uniform);
        (_task, _epoch) = (task.Index, 0);
        // No gradient is left of the task before: what has none, no optimiser moves.
        foreach (TrainableParameter parameter in _module.Parameters) parameter.Value.grad = null;
        _phases.BeginTask(HasSecondPhase);
    }

    /// <inheritdoc/>
    public override void BeginEpoch(int epoch)
    {
        _epoch = epoch;
        if (IsSecondPhase) _phases.BeginSecondPhase();
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_task < 0) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        BlockEdits edits = _module.Edits([.. _module.Parameters.Select((p, i) => IsFrozen || _task > 0 && _module.TrainedOnce.Contains(i) ? p.Value.detach() : p.Value)]);
        Tensor patches = _backbone.EmbedPatches(batch.Images);
        Tensor tokens = _backbone.ForwardPatches(patches, IsSecondPhase ? edits with { Output = OutputTokens.All } : edits);   // [B, 1 or T, D]
        Tensor logits = _head.Logits(tokens.narrow(1, 0, 1).AverageTokens());                                                  // [B, D] -> [B, n]
        Tensor crossEntropy = nn.functional.cross_entropy(logits, _head.Positions(batch.Labels)), total = crossEntropy;
        if (IsSecondPhase) total = crossEntropy + nn.functional.mse_loss(tokens, FirstPhaseTokens(patches));
        return new LossTerms(total.MoveToOuterDisposeScope(), crossEntropy.detach().MoveToOuterDisposeScope(), _head.Widen(logits.detach()).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override void FinishTraining() => _phases.Merge(_options.MergeShare(_task));

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_alignment is null) return;
        using var scorer = (PeftScorer)CreateScorer();
        _head.Align(_alignment, task, scorer.Features);
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        _head.EndTask();
        _phases.Drop();
        _task = -1;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(sites);
        return _module.Collect(images, sites);
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer()
    {
        (IReadOnlyList<Tensor> tensors, Func<IReadOnlyList<Tensor>, BlockEdits> edits) = _module.Freeze();
        return new PeftScorer(_backbone, tensors, edits, _head.Freeze());
    }

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        foreach (TrainableParameter parameter in _module.Parameters) state.Add(parameter.Name, parameter.Value);
        _head.SaveState(state);
        _alignment?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        Tensor[] values = [.. _module.Parameters.Select(p => state.Get(p.Name, p.Value.shape))];
        string[] strange = [.. state.Tensors.Keys.Where(name => name.StartsWith("pets.", StringComparison.Ordinal)).Except(_module.Parameters.Select(p => p.Name))];
        if (strange.Length > 0) throw new InvalidDataException($"The state has tensors that these options do not: {string.Join(", ", strange)}; expected {string.Join(", ", _module.Parameters.Select(p => p.Name))}.");
        _head.CheckState(state);
        _alignment?.CheckState(state, state.Get("head.bias", null).shape[0] > 0);
        _phases.Drop();
        _task = -1;
        _phases.Set(values);
        _head.LoadState(state);
        _alignment?.LoadState(state);
    }

    /// <inheritdoc/>
    public override void SaveProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _phases.SaveProgress(state, _epoch);
    }

    /// <inheritdoc/>
    public override void LoadProgress(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _epoch = _phases.LoadProgress(state);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _phases.Dispose();
        _module.Dispose();
        _head.Dispose();
        _alignment?.Dispose();
    }

    /// <summary>What the first phase makes of the images, [B, T, D], without gradient.</summary>
    private Tensor FirstPhaseTokens(Tensor patches)
    {
        using IDisposable frozen = no_grad();
        return _backbone.ForwardPatches(patches, _module.Edits(_phases.First!) with { Output = OutputTokens.All });
    }
}
