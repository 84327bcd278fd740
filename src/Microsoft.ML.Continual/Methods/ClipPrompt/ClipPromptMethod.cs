using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>CLIP with an image prompt of all tasks and a text context of each; see <see cref="ClipPromptOptions"/>.</summary>
/// <remarks>
/// Site: <c>prompt</c> (rows: the image prompt's tokens; activations: class token and patches with positions, before the prompt enters and before the first norm).
/// In the shape comments B is images, K texts of the task, P prompt tokens, n context tokens, D image width, Dt text width, T tasks.
/// </remarks>
public sealed class ClipPromptMethod : ContinualMethod
{
    private const double ContextDeviation = 0.02;

    private readonly ClipPromptOptions _options;
    private readonly ClipModel _clip;
    private readonly Parameter _prompt;      // [P, D]
    private readonly List<ClipTask> _tasks = [];
    private Parameter? _pastContexts;        // [T - 1, n, Dt]: those of the tasks before the latest; no optimiser sees them unless they decay
    private Parameter? _context;             // [n, Dt]: the latest task's
    private Tensor? _ids, _classes, _places; // of the task in training: [K, tokens], its class indices [K], by class the place among them [C]
    private int _classCount;

    internal ClipPromptMethod(ClipPromptOptions options, SeededRandom random)
    {
        _options = options;
        _clip = (ClipModel)options.Backbone!;
        using DisposeScope scope = NewDisposeScope();
        double range = 1 / Math.Sqrt(_clip.Width);
        _prompt = TrainableTensor.Create(random.UniformTensor(-range, range, options.ImagePromptLength, _clip.Width), _clip.Device);
        Sites = [new ProjectionSite("prompt", _prompt, _clip.Width, protectsOwnRows: true)];
    }

    /// <inheritdoc/>
    public override string Name => "ClipPrompt";

    /// <inheritdoc/>
    public override Backbone Backbone => _clip;

    /// <inheritdoc/>
    public override int ClassCount => _classCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters
    {
        get
        {
            List<TrainableParameter> parameters = [new("image_prompt_pool.0.weight", _prompt)];
            if (_context is not null) parameters.Add(new($"text_prompt_pool.{_tasks.Count - 1}.ctx", _context));
            if (_options.DecayOldContexts && _pastContexts is not null) parameters.Add(new($"text_prompt_pool.0-{_tasks.Count - 2}.ctx", _pastContexts));
            return parameters;
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites { get; }

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
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_ids is null) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        Tensor texts = ClipPromptNetwork.TextFeatures(_clip, _ids, _context!);                                              // [K, E]
        Tensor logits = ClipPromptNetwork.Logits(_clip, ClipPromptNetwork.ImageFeatures(_clip, batch.Images, _prompt), texts);   // [B, K]: the task's classes compete, no others
        Tensor crossEntropy = nn.functional.cross_entropy(logits, _places!.index_select(0, batch.Labels));
        Tensor total = crossEntropy;
        // A gradient that is there and 0: the optimiser then decays these contexts, and they gather momentum.
        if (_options.DecayOldContexts && _pastContexts is not null) total = crossEntropy + _pastContexts.sum() * 0;
        Tensor all = full(new long[] { logits.shape[0], _classCount }, double.NegativeInfinity, logits.dtype, logits.device).index_copy_(1, _classes!, logits.detach());
        return new LossTerms(total.MoveToOuterDisposeScope(), crossEntropy.detach().MoveToOuterDisposeScope(), all.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        foreach (Tensor? tensor in new[] { _ids, _classes, _places }) tensor?.Dispose();
        (_ids, _classes, _places) = (null, null, null);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites)
    {
        ArgumentNullException.ThrowIfNull(images);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["prompt"] = _clip.Image.Embed(images).to(ScalarType.Float32).MoveToOuterDisposeScope(),   // [B, 1 + N, D]
        };
    }

    /// <inheritdoc/>
    public override IScorer CreateScorer()
    {
        using DisposeScope scope = NewDisposeScope();
        return new ClipPromptScorer(_clip, _prompt, _tasks, Contexts(), _classCount);
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
        state.Add("image_prompt", _prompt);
        state.Add("text_contexts", Contexts());
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        (List<ClipTask> tasks, int classCount) = ReadTasks(state.Values);
        Tensor prompt = state.Get("image_prompt", _options.ImagePromptLength, _clip.Width);
        Tensor contexts = state.Get("text_contexts", tasks.Count, _options.ContextLength, _clip.Config.TextWidth);
        EndTask();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        _prompt.copy_(prompt);
        _tasks.Clear();
        _tasks.AddRange(tasks);
        _classCount = classCount;
        SetPast(tasks.Count > 1 ? contexts.narrow(0, 0, tasks.Count - 1) : null);
        _context?.Dispose();
        _context = tasks.Count > 0 ? TrainableTensor.Create(contexts.select(0, tasks.Count - 1), _clip.Device) : null;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        EndTask();
        _prompt.Dispose();
        _pastContexts?.Dispose();
        _context?.Dispose();
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
