using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>How a <see cref="GradientProjection"/> is written and read. Bases and Gram matrices go as float64 tensors, so that nothing is lost.</summary>
internal static class GradientProjectionState
{
    private const int Version = 1;

    public static void Save(GradientProjection projection, StateDictionary state, InterferenceAudit? audit)
    {
        using DisposeScope scope = NewDisposeScope();
        var sites = new JsonArray();
        foreach (SiteState site in projection.States)
        {
            var past = new JsonArray();
            foreach (PastActivations task in site.Past) past.Add(new JsonObject { ["task"] = task.TaskIndex, ["largest"] = task.LargestEigenvalue });
            // One tensor for all tasks, a row each: the number of tensors does not grow with the tasks.
            if (past.Count > 0) state.Add(PastName(site), TensorMatrix.ToTensor([.. site.Past.SelectMany(t => t.Packed)], past.Count, PastActivations.PackedLength(site.Dimension)));
            sites.Add(new JsonObject
            {
                ["name"] = site.Name, ["dimension"] = site.Dimension, ["rank"] = site.Basis.Rank, ["updates"] = site.Updates, ["past"] = past,
                ["rowsUsed"] = site.RowsUsedLast is { } used ? Flags(used) : null,
                ["rowsUsedBefore"] = projection.Options.ProjectedRows == ProjectedRows.UsedBefore ? Flags(site.RowsUsedBefore) : null,
            });
            if (site.Basis.Rank > 0) state.Add(BasisName(site), TensorMatrix.ToTensor(site.Basis.ToRowMajorArray(), site.Dimension, site.Basis.Rank));
        }
        state.Values["constraint"] = projection.Name;
        state.Values["version"] = Version;
        state.Values["space"] = projection.Options.Space.ToString();
        state.Values["sites"] = sites;
        state.Values["audit"] = audit is null ? null : new JsonObject
        {
            ["task"] = audit.TaskIndex,
            ["entries"] = new JsonArray([.. audit.Entries.Select(e => new JsonObject
            {
                ["site"] = e.Site, ["past"] = e.PastTaskIndex, ["relative"] = e.RelativeChange, ["share"] = e.UnconstrainedShare,
            })]),
        };
    }

    /// <summary>Reads everything first and changes the projection last.</summary>
    public static InterferenceAudit? Load(GradientProjection projection, StateDictionary state)
    {
        try
        {
            return Read(projection, state);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or NullReferenceException or ArgumentException)
        {
            throw new InvalidDataException($"The state of {projection.Name} cannot be read: {e.Message}", e);   // a value of another kind, or a missing one
        }
    }

    private static InterferenceAudit? Read(GradientProjection projection, StateDictionary state)
    {
        Expect("constraint", projection.Name, (string?)state.Values["constraint"]);
        Expect("version", Version, (int?)state.Values["version"]);
        Expect("space", projection.Options.Space.ToString(), (string?)state.Values["space"]);
        JsonArray stored = state.Values["sites"]!.AsArray();
        Expect("sites", string.Join(", ", projection.States.Select(s => s.Name)), string.Join(", ", stored.Select(s => (string)s!["name"]!)));

        var read = new List<(SiteState Site, SubspaceBasis Basis, int Updates, List<PastActivations> Past, bool[]? RowsUsed, bool[] RowsUsedBefore)>();
        for (int i = 0; i < stored.Count; i++)
        {
            SiteState site = projection.States[i];
            JsonNode node = stored[i]!;
            Expect($"dimension of site '{site.Name}'", site.Dimension, (int?)node["dimension"]);
            int rank = (int)node["rank"]!;
            SubspaceBasis basis = rank == 0 ? SubspaceBasis.Empty(site.Dimension)
                : SubspaceBasis.FromOrthonormal(site.Dimension, rank, Doubles(state, BasisName(site), site.Dimension, rank));
            JsonArray tasks = node["past"]!.AsArray();
            int packed = PastActivations.PackedLength(site.Dimension);
            double[] grams = tasks.Count == 0 ? [] : Doubles(state, PastName(site), tasks.Count, packed);
            List<PastActivations> past = [.. tasks.Select((task, row) =>
                PastActivations.FromPacked((int)task!["task"]!, site.Dimension, grams[(row * packed)..((row + 1) * packed)], (double)task["largest"]!))];
            bool[] before = Flags(node["rowsUsedBefore"]) ?? new bool[site.Attached.Rows];
            Expect($"number of used rows of site '{site.Name}'", site.Attached.Rows, (long)before.Length);
            read.Add((site, basis, (int)node["updates"]!, past, Flags(node["rowsUsed"]), before));
        }
        InterferenceAudit? audit = state.Values["audit"] is not { } written ? null : new InterferenceAudit((int)written["task"]!,
            [.. written["entries"]!.AsArray().Select(e => new InterferenceEntry((string)e!["site"]!, (int)e["past"]!, (double)e["relative"]!, (double)e["share"]!))]);

        foreach (var (site, basis, updates, past, used, before) in read)
        {
            site.End();
            (site.Basis, site.Updates, site.RowsUsedLast, site.RowsUsedBefore) = (basis, updates, used, before);
            site.Past.Clear();
            site.Past.AddRange(past);
        }
        return audit;
    }

    // A text of 0 and 1, a character a row.
    private static JsonValue Flags(bool[] rows) => JsonValue.Create(string.Concat(rows.Select(r => r ? '1' : '0')));

    private static bool[]? Flags(JsonNode? text) => text is null ? null : [.. ((string)text!).Select(c => c switch { '0' => false, '1' => true, _ => throw new FormatException($"'{c}' in a text of 0 and 1.") })];

    private static string BasisName(SiteState site) => $"{site.Name}.basis";

    private static string PastName(SiteState site) => $"{site.Name}.past";

    private static double[] Doubles(StateDictionary state, string name, params long[] shape)
    {
        Tensor tensor = state.Get(name, shape);
        return tensor.dtype == ScalarType.Float64 ? TensorMatrix.ToArray(tensor)
            : throw new InvalidDataException($"The state's tensor '{name}' is of type {tensor.dtype}; expected {ScalarType.Float64}.");
    }

    private static void Expect<T>(string what, T expected, T? found)
    {
        if (!Equals(expected, found)) throw new InvalidDataException($"The state's {what} is '{found}'; expected '{expected}'.");
    }
}
