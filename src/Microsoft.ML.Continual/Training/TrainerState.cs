using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>
/// All that the next task needs, after a finished task. Never changes, so that a trainer and the models it has given out can share one;
/// its tensors are freed with the last of them.
/// </summary>
internal sealed class TrainerState : ILearnedState
{
    private int _references = 1;

    /// <summary>The name of the method that <see cref="Method"/> is of.</summary>
    public required string MethodName { get; init; }

    /// <summary>What the method has learned.</summary>
    public required StateDictionary Method { get; init; }

    /// <summary>The name of the constraint that <see cref="Constraint"/> is of, or null.</summary>
    public required string? ConstraintName { get; init; }

    /// <summary>What the constraint remembers, or null.</summary>
    public required StateDictionary? Constraint { get; init; }

    /// <summary>The classes seen; frozen.</summary>
    public required ClassRegistry Classes { get; init; }

    /// <summary>The tasks learned, in order.</summary>
    public required IReadOnlyList<LearnedTask> Tasks { get; init; }

    /// <summary>The state of the random stream that the next task's stream is split from.</summary>
    public required ulong[] Random { get; init; }

    /// <summary>The columns of the first task, which every later one must have.</summary>
    public required ColumnSignature Columns { get; init; }

    /// <summary>What the constraint measured on the last task.</summary>
    public required InterferenceAudit? Audit { get; init; }

    /// <summary>One more owner; each calls <see cref="Dispose"/> once.</summary>
    public TrainerState Share()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <inheritdoc/>
    public JsonObject Write(IDictionary<string, Tensor> tensors) => TrainerStateDocument.Write(this, tensors);

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _references) != 0) return;
        Method.Dispose();
        Constraint?.Dispose();
    }
}
