using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>Deep visual prompts with a head for each task; see <see cref="DeepPromptOptions"/>.</summary>
/// <remarks>
/// Sites: <c>block3.prompt</c> for each prompted block (rows: its prompts; activations: the image's tokens that enter the block). Each has readers (queries, through the block's key
/// weights), mixing (the attention of image tokens on the prompts, all heads one after another) and the norm before attention.
/// </remarks>
public sealed class DeepPromptMethod : ContinualMethod
{
    private readonly DeepPromptOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly DeepPrompts _prompts;
    private readonly TaskHead _head;
    private readonly HeadAlignment? _alignment;
    private bool _inTask;

    internal DeepPromptMethod(DeepPromptOptions options, SeededRandom random)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        _prompts = new DeepPrompts(PromptedTower.Of(_backbone), options.FirstBlock, options.BlockCount ?? _backbone.Config.Depth - options.FirstBlock, options.PromptLength, options.InitialRange, random);
        _head = new TaskHead(_backbone.Width, _backbone.Device);
        if (options.Alignment is { } alignment) _alignment = new HeadAlignment(alignment, _backbone.Width);
    }

    /// <inheritdoc/>
    public override string Name => "VPT";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <summary>The prompts, and during a task the rows of its classes in the classifier.</summary>
    public override IReadOnlyList<TrainableParameter> Parameters => [.. _prompts.Parameters, .. _head.Parameters.AtRate(_options.HeadLearningRateScale)];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => _prompts.Sites;

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        _head.BeginTask(task, _options.ClassMask, _options.HeadInitialization);
        _inTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = _head.Logits(Features(_backbone, batch.Images, _prompts.ByBlock));   // [B, D] -> [B, n]
        Tensor loss = nn.functional.cross_entropy(_options.Temperature == 1 ? logits : logits / _options.Temperature, _head.Positions(batch.Labels));
        return new LossTerms(loss.MoveToOuterDisposeScope(), loss.detach().MoveToOuterDisposeScope(), _head.Widen(logits.detach()).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (_alignment is null) return;
        _head.Align(_alignment, task, images => Features(_backbone, images, _prompts.ByBlock));
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        _head.EndTask();
        _inTask = false;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(sites);
        return _prompts.Collect(images, sites);
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new DeepPromptScorer(_backbone, _prompts.Freeze(), _head.Freeze());

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        _prompts.SaveState(state);
        _head.SaveState(state);
        _alignment?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        _prompts.CheckState(state);
        _head.CheckState(state);
        _alignment?.CheckState(state, state.Get("head.bias", null).shape[0] > 0);
        _inTask = false;
        _prompts.LoadState(state);
        _head.LoadState(state);
        _alignment?.LoadState(state);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _prompts.Dispose();
        _head.Dispose();
        _alignment?.Dispose();
    }

    /// <summary>[B, 3, S, S] -> [B, D] float32: the class token, with prompts in their blocks.</summary>
    internal static Tensor Features(VisionTransformer backbone, Tensor images, IReadOnlyDictionary<int, Tensor> prompts)
    {
        using DisposeScope scope = NewDisposeScope();
        return backbone.Forward(images, new BlockEdits { ContextTokens = prompts }).AverageTokens().MoveToOuterDisposeScope();
    }
}
