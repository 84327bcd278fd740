using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Numerics;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Persistence;

/// <summary>Puts state dictionaries into a file and takes them out: each has a name, which its tensors' names begin with.</summary>
internal static class StateParts
{
    /// <summary>Writes a part.</summary>
    /// <returns>What belongs into the document.</returns>
    public static JsonNode Write(string part, StateDictionary state, IDictionary<string, Tensor> tensors)
    {
        foreach ((string name, Tensor value) in state.Tensors) tensors.Add($"{part}/{name}", value);
        return state.Values.DeepClone();
    }

    /// <summary>Reads a part; its tensors leave the file.</summary>
    public static StateDictionary Read(string part, JsonNode? values, StateFile file)
    {
        var state = new StateDictionary();
        try
        {
            state.Values = values?.DeepClone() as JsonObject ?? throw file.Broken($"the document lacks the values of '{part}'");
            string prefix = part + "/";
            foreach (string name in file.Tensors.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).ToArray()) state.Take(name[prefix.Length..], file.Take(name));
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    /// <summary>Checks that what was read is just what it would be written as again: no tensor too many, none of another type.</summary>
    /// <param name="read">What was read and taken over.</param>
    /// <param name="write">Writes what was taken over.</param>
    /// <exception cref="InvalidDataException">A tensor differs; the message names it.</exception>
    public static void RequireTakenOver(StateDictionary read, Action<StateDictionary> write)
    {
        using var again = new StateDictionary();
        write(again);
        foreach ((string name, Tensor value) in read.Tensors)
        {
            if (!again.Tensors.TryGetValue(name, out Tensor? own)) throw new InvalidDataException($"The tensor '{name}' belongs to nothing that this library knows.");
            if (own.dtype != value.dtype || !own.shape.SequenceEqual(value.shape))
                throw new InvalidDataException($"The tensor '{name}': expected {own.dtype} [{string.Join(", ", own.shape)}]; found {value.dtype} [{string.Join(", ", value.shape)}].");
        }
    }
}
