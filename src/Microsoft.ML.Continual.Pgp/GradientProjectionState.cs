using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static Microsoft.ML.Continual.Pgp.ProjectionState;
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
        state.Values["audit"] = ProjectionState.Write(audit);
    }

    /// <summary>Reads everything first and changes the projection last.</summary>
    public static InterferenceAudit? Load(GradientProjection projection, StateDictionary state) => ProjectionState.Read(projection.Name, () => Read(projection, state));

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
            int rank = (int)Count((int)node["rank"]!, $"rank of site '{site.Name}'");
            SubspaceBasis basis = rank == 0 ? SubspaceBasis.Empty(site.Dimension)
                : SubspaceBasis.FromOrthonormal(site.Dimension, rank, Doubles(state, BasisName(site), site.Dimension, rank));
            JsonArray tasks = node["past"]!.AsArray();
            int packed = PastActivations.PackedLength(site.Dimension);
            double[] grams = tasks.Count == 0 ? [] : Doubles(state, PastName(site), tasks.Count, packed);
            List<PastActivations> past = [.. tasks.Select((task, row) =>
                PastActivations.FromPacked((int)task!["task"]!, site.Dimension, grams[(row * packed)..((row + 1) * packed)], Size(task["largest"], $"largest eigenvalue of site '{site.Name}'")))];
            bool[] before = Flags(node["rowsUsedBefore"]) ?? new bool[site.Attached.Rows];
            Expect($"number of used rows of site '{site.Name}'", site.Attached.Rows, (long)before.Length);
            bool[]? used = Flags(node["rowsUsed"]);
            if (used is not null) Expect($"number of rows used last of site '{site.Name}'", site.Attached.Rows, (long)used.Length);
            read.Add((site, basis, (int)Count((int)node["updates"]!, $"number of updates of site '{site.Name}'"), past, used, before));
        }
        InterferenceAudit? audit = ProjectionState.ReadAudit(state.Values["audit"]);

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
}
