using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Persistence;
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

    /// <summary>
    /// Makes the method as a file's state has it, with every check that the state alone allows. The options, which may come from the file too, are compared with its tensors before the method is made: a damaged number
    /// never says how much memory is taken.
    /// </summary>
    /// <param name="options">The method's.</param>
    /// <param name="random">The stream of initial values.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidDataException">The state is of another method or of other sizes; the message names option and tensor.</exception>
    public ContinualMethod RestoreMethod(MethodOptions options, SeededRandom random)
    {
        options.Validate();
        foreach (SizedTensor tensor in options.SizedTensors) tensor.Require(Method);
        ContinualMethod method = options.CreateMethod(random);
        try
        {
            if (method.Name != MethodName) throw new InvalidDataException($"Expected what {method.Name} has learned; found {MethodName}'s.");
            method.LoadState(Method);
            StateParts.RequireTakenOver(Method, method.SaveState);
            return method.ClassCount == Classes.Count ? method : throw new InvalidDataException($"Expected a method of {Classes.Count} classes; found {method.ClassCount}.");
        }
        catch
        {
            method.Dispose();
            throw;
        }
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
