using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>
/// One paper's way to adapt a frozen backbone: owns the trainable parameters, the forward pass with its loss terms, and what happens
/// when a task begins and ends. Knows nothing of optimisers, schedules or projections.
/// </summary>
/// <remarks>
/// The training loop calls <see cref="BeginTask"/>; <see cref="BeginEpoch"/> before each epoch; in each step <see cref="ComputeLoss"/> and, after the backward pass, <see cref="AfterBackward"/>;
/// then <see cref="FinishTraining"/>, <see cref="Conclude"/> and <see cref="EndTask"/>.
/// <see cref="Parameters"/> and <see cref="Sites"/> may hold other objects after <see cref="BeginTask"/> (the classifier grows), never in between.
/// </remarks>
public abstract class ContinualMethod : IDisposable
{
    /// <summary>The method's name in the literature, such as <c>L2P</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The frozen network, shared and not owned.</summary>
    public abstract Backbone Backbone { get; }

    /// <summary>The number of classes the classifier knows.</summary>
    public abstract int ClassCount { get; }

    /// <summary>What the optimiser moves. Empty for a method that learns without gradients: its <see cref="ComputeLoss"/> takes in the batch, and no more happens in a step.</summary>
    public abstract IReadOnlyList<TrainableParameter> Parameters { get; }

    /// <summary>Where a projection can act.</summary>
    public abstract IReadOnlyList<ProjectionSite> Sites { get; }

    /// <summary>Makes ready for a task: grows the classifier and remembers the task's classes.</summary>
    public abstract void BeginTask(MethodTask task);

    /// <summary>
    /// Epochs that this task has beyond those of the options, such as a second phase of training; negative where it has fewer, but at least one in all. Asked once, after <see cref="BeginTask"/>.
    /// </summary>
    /// <value>The default is 0.</value>
    public virtual int ExtraEpochs => 0;

    /// <summary>Whether a constraint works on the steps of the present epoch. Asked after <see cref="BeginEpoch"/>.</summary>
    /// <value>The default is true.</value>
    public virtual bool IsConstrained => true;

    /// <summary>Called before the first step of each epoch.</summary>
    /// <param name="epoch">0-based within the task, over the options' epochs and the <see cref="ExtraEpochs"/> after them.</param>
    public virtual void BeginEpoch(int epoch) { }

    /// <summary>The forward pass of one training step, with gradients.</summary>
    /// <param name="batch">Images and labels; every label is one of the task's classes.</param>
    public abstract LossTerms ComputeLoss(ImageBatch batch);

    /// <summary>Called after each backward pass, before gradients are clipped or projected and before the optimiser's step: for statistics of the gradients as they are.</summary>
    public virtual void AfterBackward() { }

    /// <summary>Called after the last step, before a constraint learns the task: for what makes the final parameters out of the trained ones, such as an average of two phases.</summary>
    public virtual void FinishTraining() { }

    /// <summary>
    /// Called when a constraint has learned the task, before <see cref="EndTask"/>: for what a method learns from the task's images beside the steps, such as statistics of its classes.
    /// </summary>
    public virtual void Conclude(FinishedTask task) { }

    /// <summary>Closes the task: drops what was kept for it alone.</summary>
    public abstract void EndTask();

    /// <summary>
    /// The activations that a batch of images sends into sites, without gradient.
    /// </summary>
    /// <param name="images">[B, 3, S, S] as <see cref="ImageBatch.Images"/>.</param>
    /// <param name="sites">
    /// The names of those <see cref="Sites"/> whose activations are wanted, and of their <see cref="ProjectionSite.Readers"/> and <see cref="ProjectionSite.MixingName"/>; nothing need be
    /// computed for others.
    /// </param>
    /// <returns>By the wanted names: [B, tokens, site dimension] float32; for mixing [B, tokens, rows].</returns>
    public abstract IReadOnlyDictionary<string, Tensor> CollectActivations(Tensor images, IReadOnlyCollection<string> sites);

    /// <summary>A frozen copy for prediction, over all classes seen. It shares the backbone and nothing else.</summary>
    public abstract IScorer CreateScorer();

    /// <summary>Writes all that the next task needs.</summary>
    public abstract void SaveState(StateDictionary state);

    /// <summary>Takes over what <see cref="SaveState"/> wrote, in place of the present state.</summary>
    /// <exception cref="InvalidDataException">The state is of another method or of other sizes.</exception>
    public abstract void LoadState(StateDictionary state);

    /// <summary>
    /// Writes what a task in progress has beside the values of <see cref="Parameters"/> and beside what <see cref="BeginTask"/> makes of the state before the task: running statistics, copies of
    /// parameters, features computed so far. With these the task can go on in another process, bit for bit.
    /// </summary>
    public virtual void SaveProgress(StateDictionary state) { }

    /// <summary>Takes over what <see cref="SaveProgress"/> wrote. Called between <see cref="BeginTask"/> and the next epoch or step; the parameters have their values already.</summary>
    /// <exception cref="InvalidDataException">The state is of another method or of other sizes.</exception>
    public virtual void LoadProgress(StateDictionary state) { }

    /// <summary>Frees the parameters, not the backbone.</summary>
    public abstract void Dispose();

    /// <summary>Writes whose state it is, for <see cref="RequireOwn"/>.</summary>
    protected void MarkOwn(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Values["method"] = Name;
    }

    /// <summary>Checks that a state was written by this method.</summary>
    /// <exception cref="InvalidDataException">It is of another method, or nobody wrote whose it is.</exception>
    protected void RequireOwn(StateDictionary state)
    {
        ArgumentNullException.ThrowIfNull(state);
        string? method = (string?)state.Values["method"];
        if (method != Name) throw new InvalidDataException($"The state is of the method '{method}'; expected '{Name}'.");
    }
}
