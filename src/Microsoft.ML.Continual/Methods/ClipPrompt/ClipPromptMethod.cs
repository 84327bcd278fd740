using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Peft;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>CLIP with an image prompt or adapter of all tasks and a text context of each; see <see cref="ClipPromptOptions"/>.</summary>
/// <remarks>
/// Site: <c>prompt</c> (rows: the image prompt's tokens; activations: class token and patches with positions, before the prompt enters and before the first norm); with an adapter
/// <c>adapter.down</c> (activations: image features before they get unit length) and <c>adapter.up</c> (activations: what the first factor makes of them).
/// In the shape comments B is images, K texts of the task, P prompt tokens, n context tokens, D image width, Dt text width, T tasks.
/// </remarks>
public sealed class ClipPromptMethod : ContinualMethod
{
    private const double ContextDeviation = 0.02, MergeShare = 0.5;

    private readonly ClipPromptOptions _options;
    private readonly ClipModel _clip;
    private readonly ClipImageParts _image;
    private readonly PhaseCopies _phases;
    private readonly List<ClipTask> _tasks = [];
    private Parameter? _pastContexts;        // [T - 1, n, Dt]: those of the tasks before the latest; no optimiser sees them unless they decay
    private Parameter? _context;             // [n, Dt]: the latest task's
    private Tensor? _ids, _classes, _places; // of the task in training: [K, tokens], its class indices [K], by class the place among them [C]
    private int _classCount, _epoch;

    internal ClipPromptMethod(ClipPromptOptions options, SeededRandom random)
    {
        _options = options;
        _clip = (ClipModel)options.Backbone!;
        _image = new ClipImageParts(options, random);
        _phases = new PhaseCopies(_image.Parameters);
    }

    /// <inheritdoc/>
    public override string Name => _options.ImageTuning == ClipImageTuning.Prompt ? "ClipPrompt" : "ClipLinear";

    /// <inheritdoc/>
    public override Backbone Backbone => _clip;

    /// <inheritdoc/>
    public override int ClassCount => _classCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters
    {
        get
        {
            List<TrainableParameter> parameters = [.. _image.Parameters];
            if (_context is not null) parameters.Add(new($"text_prompt_pool.{_tasks.Count - 1}.ctx", _context));
            if (_options.DecayOldContexts && _pastContexts is not null) parameters.Add(new($"text_prompt_pool.0-{_tasks.Count - 2}.ctx", _pastContexts));
            return parameters;
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => _image.Sites;

    /// <inheritdoc/>
    public override int ExtraEpochs => _tasks.Count > 1 ? _options.PlasticityEpochs : 0;

    /// <inheritdoc/>
    public override bool IsConstrained => !IsSecondPhase;

    private bool IsSecondPhase => ExtraEpochs > 0 && _epoch >= _options.Epochs;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A class has no name, or its text is longer than the text tower takes; the message names it.</exception>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.ClassCount < _classCount || task.Classes.Count == 0 || task.Classes.Any(c => c < 0 || c >= task.ClassCount) ||
            !Enumerable.Range(_classCount, task.ClassCount - _classCount).All(task.Classes.Contains))
            throw new ArgumentException($"The task's classes must be some of 0 … {task.ClassCount - 1} with all from {_classCount} on; found {string.Join(", ", task.Classes)}.", nameof(task));
        ClipTask texts = ClipTexts.Make(_clip, [.. task.Classes], ClipTexts.NamesOf(task, _options.ClassNames), _options.ContextLength);

        EndTask();
        using DisposeScope scope = NewDisposeScope();
        int n = _options.ContextLength, width = _clip.Config.TextWidth;
        if (_tasks.Count > 0) SetPast(Contexts());
        _context?.Dispose();
        _context = TrainableTensor.Create(task.Random.TruncatedNormalTensor(ContextDeviation, n, width), _clip.Device);
        _tasks.Add(texts);
        _classCount = task.ClassCount;
        long[] places = new long[_classCount];
        for (int i = 0; i < texts.Classes.Count; i++) places[texts.Classes[i]] = i;
        _ids = ClipModel.Pad(texts.Ids, _clip.Device).DetachFromDisposeScope();
        _classes = tensor((IList<long>)[.. texts.Classes.Select(c => (long)c)], new long[] { texts.Classes.Count }).to(_clip.Device).DetachFromDisposeScope();
        _places = tensor((IList<long>)places, new long[] { _classCount }).to(_clip.Device).DetachFromDisposeScope();
        _epoch = 0;
        _phases.BeginTask(ExtraEpochs > 0);
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
        if (_ids is null) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        Tensor texts = ClipPromptNetwork.TextFeatures(_clip, _ids, _context!);                                              // [K, E]
        Tensor features = ClipPromptNetwork.ImageFeatures(_clip, batch.Images, _image.Values);                              // [B, E]
        Tensor logits = ClipPromptNetwork.Logits(_clip, features, texts);                                                   // [B, K]: the task's classes compete, no others
        Tensor crossEntropy = nn.functional.cross_entropy(logits, _places!.index_select(0, batch.Labels));
        Tensor total = crossEntropy;
        if (IsSecondPhase) total = crossEntropy + nn.functional.mse_loss(features, FirstPhaseFeatures(batch.Images));
        // A gradient that is there and 0: the optimiser then decays these contexts, and they gather momentum.
        if (_options.DecayOldContexts && _pastContexts is not null) total = total + _pastContexts.sum() * 0;
        Tensor all = full(new long[] { logits.shape[0], _classCount }, double.NegativeInfinity, logits.dtype, logits.device).index_copy_(1, _classes!, logits.detach());
        return new LossTerms(total.MoveToOuterDisposeScope(), crossEntropy.detach().MoveToOuterDisposeScope(), all.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override void FinishTraining() => _phases.Merge(MergeShare);

    /// <inheritdoc/>
    public override void EndTask()
    {
        _phases.Drop();
        foreach (Tensor? tensor in new[] { _ids, _classes, _places }) tensor?.Dispose();
        (_ids, _classes, _places) = (null, null, null);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites)
    {
        ArgumentNullException.ThrowIfNull(images);
        return _image.Collect(images);
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer()
    {
        using DisposeScope scope = NewDisposeScope();
        return new ClipPromptScorer(_clip, _image.Values, _tasks, Contexts(), _classCount);
    }

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        using DisposeScope scope = NewDisposeScope();
        MarkOwn(state);
        state.Values["classCount"] = _classCount;
        state.Values["tasks"] = new JsonArray([.. _tasks.Select(task => (JsonNode)new JsonObject
        {
            ["classes"] = new JsonArray([.. task.Classes.Select(c => (JsonNode)c)]),
            ["names"] = new JsonArray([.. task.Names.Select(name => (JsonNode)name)]),
        })]);
        for (int i = 0; i < _image.Parameters.Count; i++) state.Add(_image.StateNames[i], _image.Parameters[i].Value);
        state.Add("text_contexts", Contexts());
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        (List<ClipTask> tasks, int classCount) = ReadTasks(state.Values);
        Tensor[] tuned = [.. _image.Parameters.Select((p, i) => state.Get(_image.StateNames[i], p.Value.shape))];
        Tensor contexts = state.Get("text_contexts", tasks.Count, _options.ContextLength, _clip.Config.TextWidth);
        EndTask();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        _phases.Set(tuned);
        _tasks.Clear();
        _tasks.AddRange(tasks);
        _classCount = classCount;
        SetPast(tasks.Count > 1 ? contexts.narrow(0, 0, tasks.Count - 1) : null);
        _context?.Dispose();
        _context = tasks.Count > 0 ? TrainableTensor.Create(contexts.select(0, tasks.Count - 1), _clip.Device) : null;
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
        EndTask();
        _image.Dispose();
        _phases.Dispose();
        _pastContexts?.Dispose();
        _context?.Dispose();
    }

    /// <summary>What the first phase makes of the images, [B, E], without gradient.</summary>
    private Tensor FirstPhaseFeatures(Tensor images)
    {
        using IDisposable frozen = no_grad();
        return ClipPromptNetwork.ImageFeatures(_clip, images, _phases.First!);
    }

    /// <summary>The contexts of all tasks, [T, n, Dt], without gradient.</summary>
    private Tensor Contexts()
    {
        if (_context is null) return empty(new long[] { 0, _options.ContextLength, _clip.Config.TextWidth }, ScalarType.Float32, _clip.Device);
        Tensor latest = _context.detach().unsqueeze(0);
        return _pastContexts is null ? latest : cat([_pastContexts.detach(), latest], 0);
    }

    private void SetPast(Tensor? contexts)
    {
        Parameter? next = contexts is null ? null : TrainableTensor.Create(contexts, _clip.Device);
        _pastContexts?.Dispose();
        _pastContexts = next;
    }

    private (List<ClipTask> Tasks, int ClassCount) ReadTasks(JsonObject values)
    {
        try
        {
            int classCount = values["classCount"]!.GetValue<int>();
            var tasks = new List<ClipTask>();
            foreach (JsonNode? task in values["tasks"]!.AsArray())
            {
                int[] classes = [.. task!["classes"]!.AsArray().Select(c => c!.GetValue<int>())];
                string[] names = [.. task["names"]!.AsArray().Select(name => name!.GetValue<string>())];
                if (classes.Length == 0 || classes.Length != names.Length || classes.Any(c => c < 0 || c >= classCount))
                    throw new InvalidDataException($"The state's task {tasks.Count + 1} has {classes.Length} classes and {names.Length} names; expected as many names as classes, all among the {classCount} classes.");
                tasks.Add(ClipTexts.Make(_clip, classes, names, _options.ContextLength));
            }
            return tasks.SelectMany(task => task.Classes).Distinct().Count() == classCount ? (tasks, classCount)
                : throw new InvalidDataException($"The state has {classCount} classes, of which some are in no task.");
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("The state's list of tasks, with classes and their names, cannot be read.", e);
        }
    }
}
