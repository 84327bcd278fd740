using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.VisualPrompt;

/// <summary>One shared prompt; see <see cref="VisualPromptOptions"/>.</summary>
/// <remarks>Site: <c>prompt</c> (rows: the prompt's tokens; activations: patch embeddings before class token and positions).</remarks>
public sealed class VisualPromptMethod : ContinualMethod
{
    private readonly VisualPromptOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly Parameter _prompt;   // [P, D]
    private readonly ClassifierHead _head;
    private readonly HeadAlignment? _alignment;
    private bool _inTask;

    internal VisualPromptMethod(VisualPromptOptions options, SeededRandom random)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        using DisposeScope scope = NewDisposeScope();
        _prompt = TrainableTensor.Create(random.UniformTensor(-options.InitialRange, options.InitialRange, options.PromptLength, _backbone.Width), _backbone.Device);
        _head = new ClassifierHead(_backbone.Width, _backbone.Device);
        if (options.Alignment is { } alignment) _alignment = new HeadAlignment(alignment, _backbone.Width);
        Sites = [new ProjectionSite("prompt", _prompt, _backbone.Width, protectsOwnRows: true)];
    }

    /// <inheritdoc/>
    public override string Name => "VisualPrompt";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters => [new("prompt", _prompt), .. _head.Parameters.AtRate(_options.HeadLearningRateScale)];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites { get; }

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        _head.BeginTask(task, _options.ClassMask);
        _inTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        Tensor features = _backbone.Forward(batch.Images, new BlockEdits { InputTokens = _prompt, Output = _options.Pooling.Tokens() }).AverageTokens();   // [B, D]
        return _head.Loss(features, batch.Labels).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_alignment is null) return;
        _alignment.Conclude(task, _head, images => _backbone.Forward(images, new BlockEdits { InputTokens = _prompt, Output = _options.Pooling.Tokens() }).AverageTokens());
    }

    /// <inheritdoc/>
    public override void EndTask() => _inTask = false;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites)
    {
        ArgumentNullException.ThrowIfNull(images);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["prompt"] = _backbone.EmbedPatches(images).to(ScalarType.Float32).MoveToOuterDisposeScope(),   // [B, N, D]
        };
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new VisualPromptScorer(_backbone, _options.Pooling, _prompt, _head);

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        state.Add("prompt", _prompt);
        _head.SaveState(state);
        _alignment?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        Tensor prompt = state.Get("prompt", _options.PromptLength, _backbone.Width);
        _head.CheckState(state);
        _alignment?.CheckState(state, state.Get("head.bias", null).shape[0] > 0);
        EndTask();
        using IDisposable frozen = no_grad();
        _prompt.copy_(prompt);
        _head.LoadState(state);
        _alignment?.LoadState(state);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _prompt.Dispose();
        _head.Dispose();
        _alignment?.Dispose();
    }
}
