using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>What methods share that train the network itself: copies of its weights, a classifier that grows, and the forward pass with gradients. They have no site.</summary>
public abstract class NetworkTuningMethod : ContinualMethod
{
    private readonly ClassMask _mask;
    private readonly List<int> _taskOfClass = [];   // by class: the task that brought it, 0-based

    private protected NetworkTuningMethod(NetworkTuningOptions options, ClassMask mask)
    {
        Origin = (VisionTransformer)options.Backbone!;
        _mask = mask;
        Network = new TrainableNetwork(Origin, options.TrainableBlocks, options.BackboneLearningRateScale);
        Head = new ClassifierHead(Origin.Width, Origin.Device);
    }

    /// <inheritdoc/>
    public override Backbone Backbone => Origin;

    /// <inheritdoc/>
    public override int ClassCount => Head.ClassCount;

    /// <inheritdoc/>
    public override IReadOnlyList<TrainableParameter> Parameters => [.. Network.Parameters, .. Head.Parameters];

    /// <inheritdoc/>
    public override IReadOnlyList<ProjectionSite> Sites => [];

    private protected VisionTransformer Origin { get; }

    private protected TrainableNetwork Network { get; }

    private protected ClassifierHead Head { get; }

    /// <summary>The number n of classes that earlier tasks brought.</summary>
    private protected int OldClassCount { get; private set; }

    /// <summary>By class: the task that brought it, 0-based.</summary>
    private protected IReadOnlyList<int> TaskOfClass => _taskOfClass;

    private protected bool InTask { get; private set; }

    /// <inheritdoc/>
    public override void BeginTask(MethodTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        EndTask();
        int old = Head.ClassCount;
        Prepare(task);
        // Among the single class of a task there is nothing to learn: the loss would be 0 whatever the image.
        Head.BeginTask(task, task.Classes.Count == 1 ? ClassMask.SeenClasses : _mask);
        OldClassCount = old;
        while (_taskOfClass.Count < task.ClassCount) _taskOfClass.Add(task.Index);
        InTask = true;
    }

    /// <inheritdoc/>
    public override LossTerms ComputeLoss(ImageBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (!InTask) throw new InvalidOperationException("The method is in no task: BeginTask comes before ComputeLoss.");
        using DisposeScope scope = NewDisposeScope();
        return Loss(batch).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void EndTask() => InTask = false;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites) => new Dictionary<string, Tensor>();

    /// <inheritdoc/>
    public override IScorer CreateScorer() => new TunedScorer(Network.Freeze(), TrainableTensor.Freeze(Head.Weight), TrainableTensor.Freeze(Head.Bias));

    /// <inheritdoc/>
    public override void SaveState(StateDictionary state)
    {
        MarkOwn(state);
        Network.SaveState(state);
        Head.SaveState(state);
        using DisposeScope scope = NewDisposeScope();
        state.Add("class.tasks", tensor((IList<long>)[.. _taskOfClass.Select(t => (long)t)], new long[] { _taskOfClass.Count }));
    }

    /// <inheritdoc/>
    public override void LoadState(StateDictionary state)
    {
        RequireOwn(state);
        CheckState(state);
        EndTask();
        Network.LoadState(state);
        Head.LoadState(state);
        _taskOfClass.Clear();
        _taskOfClass.AddRange(state.Get("class.tasks", null).data<long>().ToArray().Select(t => (int)t));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        EndTask();
        Network.Dispose();
        Head.Dispose();
    }

    /// <summary>Called at the beginning of a task while network and classifier are still as the last task left them, to copy what must stay.</summary>
    private protected virtual void Prepare(MethodTask task) { }

    /// <summary>The loss of one step, in the caller's dispose scope.</summary>
    private protected virtual LossTerms Loss(ImageBatch batch) => CrossEntropy(Head.Logits(Network.Features(batch.Images)), batch.Labels);

    /// <summary>Cross-entropy among the classes that compete, and what a method adds to it; in the caller's dispose scope.</summary>
    /// <param name="logits">[B, C].</param>
    /// <param name="labels">[B] int64.</param>
    /// <param name="added">A scalar; null for none.</param>
    /// <param name="weight">What the cross-entropy is multiplied by in the total.</param>
    private protected LossTerms CrossEntropy(Tensor logits, Tensor labels, Tensor? added = null, double weight = 1)
    {
        Tensor masked = Head.Mask(logits), crossEntropy = nn.functional.cross_entropy(masked, labels);
        Tensor total = weight == 1 ? crossEntropy : crossEntropy * weight;
        return new LossTerms(added is null ? total : total + added, crossEntropy.detach(), masked.detach());
    }

    /// <summary>Checks what <see cref="LoadState"/> will take; derived methods check theirs and call the base.</summary>
    /// <exception cref="InvalidDataException">The state is of other sizes.</exception>
    private protected virtual void CheckState(StateDictionary state)
    {
        Network.CheckState(state);
        Head.CheckState(state);
        state.Get("class.tasks", state.Get("head.weight", null).shape[0]);
    }
}
