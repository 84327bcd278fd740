using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>What the states of all projections have in common. Nothing in a state is believed: numbers must be finite, and sizes those of the sites.</summary>
internal static class ProjectionState
{
    /// <summary>One line of an audit.</summary>
    /// <exception cref="InvalidOperationException">A figure is not finite: what is kept of the old task, or the change, is beyond float64.</exception>
    public static InterferenceEntry Entry(string site, int pastTask, double relative, double share) => double.IsFinite(relative) && double.IsFinite(share) ? new InterferenceEntry(site, pastTask, relative, share)
        : throw new InvalidOperationException($"The audit of site '{site}' against task {pastTask + 1} is not finite. Nothing of this Fit was kept.");

    /// <summary>An audit as JSON; null for none.</summary>
    public static JsonObject? Write(InterferenceAudit? audit) => audit is null ? null : new JsonObject
    {
        ["task"] = audit.TaskIndex,
        ["entries"] = new JsonArray([.. audit.Entries.Select(e => new JsonObject
        {
            ["site"] = e.Site, ["past"] = e.PastTaskIndex, ["relative"] = e.RelativeChange, ["share"] = e.UnconstrainedShare,
        })]),
    };

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static InterferenceAudit? ReadAudit(JsonNode? json) => json is null ? null : new InterferenceAudit((int)json["task"]!,
        [.. json["entries"]!.AsArray().Select(e => new InterferenceEntry((string)e!["site"]!, (int)e["past"]!, Size(e["relative"], "relative"), Size(e["share"], "share")))]);

    /// <summary>Runs a reader that reads everything first and changes its projection last; a value of another kind, or a missing one, becomes an error in words.</summary>
    /// <exception cref="InvalidDataException">The state is of something else.</exception>
    public static T Read<T>(string projection, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or NullReferenceException or ArgumentException)
        {
            throw new InvalidDataException($"The state of {projection} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The numbers of a float64 tensor.</summary>
    public static double[] Doubles(StateDictionary state, string name, params long[] shape)
    {
        Tensor tensor = state.Get(name, shape);
        if (tensor.dtype != ScalarType.Float64) throw new InvalidDataException($"The state's tensor '{name}' is of type {tensor.dtype}; expected {ScalarType.Float64}.");
        double[] values = TensorMatrix.ToArray(tensor);
        return Array.TrueForAll(values, double.IsFinite) ? values : throw new InvalidDataException($"The state's tensor '{name}' holds NaN or infinite values.");
    }

    /// <summary>A number of 0 or more.</summary>
    public static double Size(JsonNode? json, string what) => (double)json! is >= 0 and < double.PositiveInfinity and var value ? value
        : throw new InvalidDataException($"The state's {what} is '{json}'; expected a number of 0 or more.");

    /// <summary>A whole number of 0 or more.</summary>
    public static long Count(long value, string what) => value >= 0 ? value : throw new InvalidDataException($"The state's {what} is '{value}'; expected 0 or more.");

    /// <summary>Checks a value.</summary>
    public static void Expect<T>(string what, T expected, T? found)
    {
        if (!Equals(expected, found)) throw new InvalidDataException($"The state's {what} is '{found}'; expected '{expected}'.");
    }
}
