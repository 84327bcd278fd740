using System.Globalization;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>A composition of low-rank updates; see <see cref="LoracOptions"/>. It has no projection sites: the penalty and the frozen matrices are what protects old tasks.</summary>
public sealed class LoracMethod : ContinualMethod
{
    private readonly LoracOptions _options;
    private readonly VisionTransformer _backbone;
    private readonly LoracComposition _composition;
    private readonly ClassifierHead _head;
    private readonly MatrixImportance _importance;
    private readonly HeadAlignment? _alignment;
    private readonly TaskClusters? _clusters;
    private readonly Tensor?[]? _weights;   // of the last step, whose gradients are kept
    private bool _inTask;

    internal LoracMethod(LoracOptions options)
    {
        _options = options;
        _backbone = (VisionTransformer)options.Backbone!;
        _composition = new LoracComposition(options);
        _head = new ClassifierHead(_backbone.Width, _backbone.Device);
        _importance = new MatrixImportance(_composition.Matrices.Count, options.ImportanceDecay, options.UncertaintyDecay, _backbone.Device);
        if (options.FrozenShare > 0) _weights = new Tensor?[_composition.Matrices.Count];
        if (options.Alignment is { } alignment) _alignment = new HeadAlignment(alignment, _backbone.Width);
        if (options.TaskInference is { } inference) _clusters = new TaskClusters(inference, _backbone.Width, _backbone.Device);
    }

    /// <inheritdoc/>
    public override string Name => "LoRAC";

    /// <inheritdoc/>
    public override Backbone Backbone => _backbone;

    /// <inheritdoc/>
    public override int ClassCount => _head.ClassCount;

    /// <summary>In a task its pairs of factors, the classifier, and the factors ω of earlier pairs, all of matrices that are not frozen; between tasks the classifier alone.</summary>
    public override IReadOnlyList<TrainableParameter> Parameters => [.. _composition.Parameters, .. _head.Parameters.AtRate(_options.HeadLearningRateScale)];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => [];

    internal LoracComposition Composition => _composition;

    internal MatrixImportance Importance => _importance;

    internal ClassifierHead Head => _head;

    internal HeadAlignment? Alignment => _alignment;

    internal TaskClusters? Clusters => _clusters;

    /// <summary>Gives a new task's A of a matrix, [in, r], in place of a random one; for tests.</summary>
    internal Func<LoracMatrix, Tensor>? InitialDown { get; set; }

    /// <summary>Is shown Ī · Ū of each matrix when a task's steps are done; for tests.</summary>
    internal Action<double[]>? Scored { get; set; }

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        _head.BeginTask(task, _options.ClassMask);
        // Kaiming's uniform with a = √5 over the second dimension, as in the released code.
        double bound = 1 / Math.Sqrt(_options.Rank);
        _composition.BeginTask(InitialDown ?? (matrix => task.Random.UniformTensor(-bound, bound, matrix.Inputs, _options.Rank)));
        _importance.Reset();
        _inTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!_inTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        (Dictionary<(int, BlockLinear), LinearEdit> edits, Tensor? penalty) = _composition.Train(_weights);
        Tensor features = _backbone.Forward(batch.Images, new BlockEdits { Linears = edits }).AverageTokens();   // [B, D]
        LossTerms terms = _head.Loss(features, batch.Labels);
        if (penalty is not null) terms = terms with { Total = terms.Total + penalty };
        // They are looked at again when their gradients are there.
        foreach (Tensor? weight in _weights ?? []) weight!.MoveToOuterDisposeScope();
        return terms.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void AfterBackward()
    {
        if (_weights is null) return;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        // A frozen matrix counts as 0.
        Tensor none = zeros(new long[] { }, ScalarType.Float32, _backbone.Device);
        _importance.Add(stack(_weights.Select(weight => weight!.requires_grad && weight.grad is { } gradient ? MatrixImportance.Of(weight, gradient) : none)));
        Array.Clear(_weights);
    }

    /// <summary>Keeps the task's updates and freezes the matrices that mattered most.</summary>
    public override void FinishTraining() => Close();

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Features are not finite.</exception>
    public override void Conclude(FinishedTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        Close();
        if (_alignment is null && _clusters is null) return;
        int newest = _composition.TaskCount - 1;
        using MergedWeights merged = _composition.Merge(newest);
        using MergedWeights? first = _clusters is null || newest == 0 ? null : _composition.Merge(0);
        using DisposeScope scope = NewDisposeScope();
        SortedDictionary<int, Tensor>[] features = ClassFeatures.Collect(task, images =>
        {
            Tensor own = merged.Features(_backbone, images);
            return _clusters is null ? [own] : [own, first?.Features(_backbone, images) ?? own];
        });
        if (_clusters is not null)
        {
            _clusters.Learn(features[1], newest, task.Random.Split());
            task.Log(string.Create(CultureInfo.InvariantCulture, $"{Name}: {_clusters.Count} clusters tell {_clusters.TaskCount} tasks apart"));
        }
        _alignment?.Conclude(features[0], newest, _head.Weight, _head.Bias, task);
    }

    /// <inheritdoc/>
    public override void EndTask()
    {
        Close();
        _composition.DropTask();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites) => new Dictionary<string, Tensor>();

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new LoracScorer(_backbone, _composition, _head, _clusters, _options.MergedCompositions);

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        _head.SaveState(state);
        _composition.SaveState(state);
        _alignment?.SaveState(state);
        _clusters?.SaveState(state);
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        _head.CheckState(state);
        int tasks = _composition.CheckState(state);
        _alignment?.CheckState(state, tasks > 0);
        _clusters?.CheckState(state, tasks > 0);
        _inTask = false;
        _head.LoadState(state);
        _composition.LoadState(state, tasks);
        _alignment?.LoadState(state);
        _clusters?.LoadState(state);
    }

    /// <inheritdoc/>
    public override void SaveProgress(StateDictionary state) => _importance.SaveProgress(state);

    /// <inheritdoc/>
    public override void LoadProgress(StateDictionary state) => _importance.LoadProgress(state);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _composition.Dispose();
        _head.Dispose();
        _importance.Dispose();
        _alignment?.Dispose();
        _clusters?.Dispose();
    }

    private void Close()
    {
        if (!_inTask) return;
        _inTask = false;
        _composition.EndTask();
        if (_weights is null) return;
        IReadOnlyList<LoracMatrix> matrices = _composition.Matrices;
        double[] scores = _importance.Scores();
        Scored?.Invoke(scores);
        bool[] frozen = LoracFreezing.Select(scores, [.. matrices.Select(matrix => matrix.IsFrozen)], _options.FrozenShare, _options.ShareOfRemaining, _options.ReferenceFreezing);
        for (int i = 0; i < frozen.Length; i++) matrices[i].IsFrozen = frozen[i];
    }
}
