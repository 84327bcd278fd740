using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Persistence;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>
/// Where a task in progress stands: with the state before the task, all that the rest of it depends on. Never changes, so that a trainer and a <c>Fit</c> that goes on from it can share one; its tensors are freed
/// with the last of them.
/// </summary>
internal sealed class TaskProgress : IDisposable
{
    private int _references = 1;

    /// <summary>What the task's data are; see <see cref="TaskFingerprint"/>.</summary>
    public required TaskFingerprint Task { get; init; }

    /// <summary>The epoch, 0-based.</summary>
    public required int Epoch { get; init; }

    /// <summary>The steps done in that epoch.</summary>
    public required int Step { get; init; }

    /// <summary>The parameters' values, in the method's order, and which of them have a gradient.</summary>
    public required StateDictionary Parameters { get; init; }

    /// <summary>What the optimiser remembers.</summary>
    public required StateDictionary Optimizer { get; init; }

    /// <summary>The sums of the epoch's progress reports.</summary>
    public required StateDictionary Meter { get; init; }

    /// <summary>What the method has beside its parameters.</summary>
    public required StateDictionary Method { get; init; }

    /// <summary>What the constraint has, or null.</summary>
    public required StateDictionary? Constraint { get; init; }

    /// <summary>One more owner; each calls <see cref="Dispose"/> once.</summary>
    public TaskProgress Share()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>Writes it into a file.</summary>
    public JsonObject Write(IDictionary<string, Tensor> tensors) => new()
    {
        ["task"] = Task.ToJson(),
        ["epoch"] = Epoch,
        ["step"] = Step,
        ["parameters"] = StateParts.Write("progress/parameters", Parameters, tensors),
        ["optimizer"] = StateParts.Write("progress/optimizer", Optimizer, tensors),
        ["meter"] = StateParts.Write("progress/meter", Meter, tensors),
        ["method"] = StateParts.Write("progress/method", Method, tensors),
        ["constraint"] = Constraint is null ? null : StateParts.Write("progress/constraint", Constraint, tensors),
    };

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The document is of something else; the message names the file.</exception>
    public static TaskProgress Read(JsonNode json, StateFile file) => file.Parse("the task in progress", () =>
    {
        var parts = new List<StateDictionary>();
        try
        {
            int epoch = json["epoch"]!.GetValue<int>(), step = json["step"]!.GetValue<int>();
            if (epoch < 0 || step < 1) throw file.Broken($"the task in progress: expected an epoch of 0 or more and a step of 1 or more; found {epoch} and {step}");
            return new TaskProgress
            {
                Task = TaskFingerprint.FromJson(json["task"]!),
                Epoch = epoch,
                Step = step,
                Parameters = Part("parameters"),
                Optimizer = Part("optimizer"),
                Meter = Part("meter"),
                Method = Part("method"),
                Constraint = json["constraint"] is null ? null : Part("constraint"),
            };
        }
        catch
        {
            foreach (StateDictionary part in parts) part.Dispose();
            throw;
        }

        StateDictionary Part(string name)
        {
            StateDictionary part = StateParts.Read("progress/" + name, json[name], file);
            parts.Add(part);
            return part;
        }
    });

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _references) != 0) return;
        Parameters.Dispose();
        Optimizer.Dispose();
        Meter.Dispose();
        Method.Dispose();
        Constraint?.Dispose();
    }
}
