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
/// The training loop calls <see cref="BeginTask"/>, then <see cref="ComputeLoss"/> once a step, then <see cref="Conclude"/> and <see cref="EndTask"/>.
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

    /// <summary>The forward pass of one training step, with gradients.</summary>
    /// <param name="batch">Images and labels; every label is one of the task's classes.</param>
    public abstract LossTerms ComputeLoss(ImageBatch batch);

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
