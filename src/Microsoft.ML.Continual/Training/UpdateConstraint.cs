using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>
/// A guest of the training loop that keeps updates from disturbing old tasks: what a gradient projection implements.
/// It sees the method's <see cref="ProjectionSite"/>s and nothing else of it.
/// </summary>
/// <remarks>
/// Order of calls: <see cref="Attach"/>; <see cref="BeginTask"/>; then each step <see cref="Penalty"/>, and after the backward pass and after clipping
/// <see cref="ProjectGradients"/>, <see cref="BeforeStep"/>, the optimiser's step, <see cref="AfterStep"/>; at last <see cref="EndTask"/>.
/// </remarks>
public abstract class UpdateConstraint : IDisposable
{
    /// <summary>The constraint's name in the literature, such as <c>PGP</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Binds the constraint to a method; called once, before anything else.</summary>
    /// <exception cref="ArgumentException">The method has no site this constraint can work on.</exception>
    public abstract void Attach(ContinualMethod method);

    /// <summary>Called after the method's <see cref="ContinualMethod.BeginTask"/>, before the first step.</summary>
    public virtual void BeginTask(ConstraintTask task) { }

    /// <summary>A term of the sites' parameters that the step adds to the method's loss: a scalar with gradient in the current dispose scope, or null for none.</summary>
    public virtual Tensor? Penalty() => null;

    /// <summary>Changes the gradients of the method's parameters in place.</summary>
    public virtual void ProjectGradients() { }

    /// <summary>Remembers what <see cref="AfterStep"/> needs.</summary>
    public virtual void BeforeStep() { }

    /// <summary>Changes the parameters in place after the optimiser has moved them.</summary>
    public virtual void AfterStep() { }

    /// <summary>Called after the last step, before the method's <see cref="ContinualMethod.EndTask"/>: learns the task's activations.</summary>
    public virtual void EndTask(ConstraintTask task) { }

    /// <summary>How far the last finished task disturbed the tasks before it; null before the second task, or when not measured.</summary>
    public virtual InterferenceAudit? LastAudit => null;

    /// <summary>Writes all that the next task needs.</summary>
    public abstract void SaveState(StateDictionary state);

    /// <summary>Takes over what <see cref="SaveState"/> wrote, in place of the present state.</summary>
    /// <exception cref="InvalidDataException">The state is of another constraint or of other sizes.</exception>
    public abstract void LoadState(StateDictionary state);

    /// <summary>Writes what a task in progress has beside what <see cref="BeginTask"/> makes of the state and the parameters before the task, so that the task can go on in another process, bit for bit.</summary>
    public virtual void SaveProgress(StateDictionary state) { }

    /// <summary>Takes over what <see cref="SaveProgress"/> wrote; called after <see cref="BeginTask"/>.</summary>
    /// <exception cref="InvalidDataException">The state is of another constraint or of other sizes.</exception>
    public virtual void LoadProgress(StateDictionary state) { }

    /// <summary>Frees what the constraint holds.</summary>
    public abstract void Dispose();
}
