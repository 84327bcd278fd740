using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Training;
using TorchSharp;
using static Microsoft.ML.Continual.Pgp.ProjectionState;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>How a <see cref="NullSpaceProjection"/> is written and read. Moments go as float64 tensors, so that nothing is lost.</summary>
internal static class NullSpaceState
{
    private const int Version = 1;

    public static void Save(NullSpaceProjection projection, StateDictionary state, InterferenceAudit? audit)
    {
        using DisposeScope scope = NewDisposeScope();
        var sites = new JsonArray();
        foreach (NullSpaceSite site in projection.States)
        {
            ProjectionSite attached = site.Attached;
            var past = new JsonArray();
            foreach (PastMoments task in site.Past) past.Add(new JsonObject { ["task"] = task.TaskIndex, ["reader"] = task.LargestReader, ["mixing"] = task.LargestMixing });
            sites.Add(new JsonObject { ["name"] = site.Name, ["rows"] = attached.Rows, ["dimension"] = attached.Dimension, ["heads"] = Moments.Heads(attached), ["past"] = past });
            foreach ((string name, long[] shape, Func<Moments, double[]?> part) in Parts(site))
            {
                state.Add(name, TensorMatrix.ToTensor(part(site.Moments)!, shape));
                // One tensor for all tasks: the number of tensors does not grow with the tasks.
                if (past.Count > 0) state.Add(name + ".past", TensorMatrix.ToTensor([.. site.Past.SelectMany(t => part(t.Moments)!)], [past.Count, .. shape]));
            }
        }
        state.Values["constraint"] = projection.Name;
        state.Values["version"] = Version;
        state.Values["weights"] = projection.Options.CovarianceWeights.ToString();
        state.Values["images"] = projection.ImagesSeen;
        state.Values["sites"] = sites;
        state.Values["audit"] = ProjectionState.Write(audit);
    }

    /// <summary>Reads everything first and changes the projection last.</summary>
    public static (InterferenceAudit? Audit, long Images) Load(NullSpaceProjection projection, StateDictionary state) => ProjectionState.Read(projection.Name, () => Read(projection, state));

    private static (InterferenceAudit? Audit, long Images) Read(NullSpaceProjection projection, StateDictionary state)
    {
        Expect("constraint", projection.Name, (string?)state.Values["constraint"]);
        Expect("version", Version, (int?)state.Values["version"]);
        Expect("weights", projection.Options.CovarianceWeights.ToString(), (string?)state.Values["weights"]);
        JsonArray stored = state.Values["sites"]!.AsArray();
        Expect("sites", string.Join(", ", projection.States.Select(s => s.Name)), string.Join(", ", stored.Select(s => (string)s!["name"]!)));

        var read = new List<(NullSpaceSite Site, Moments Moments, List<PastMoments> Past)>();
        for (int i = 0; i < stored.Count; i++)
        {
            NullSpaceSite site = projection.States[i];
            JsonNode node = stored[i]!;
            Expect($"number of rows of site '{site.Name}'", site.Attached.Rows, (long?)node["rows"]);
            Expect($"dimension of site '{site.Name}'", site.Attached.Dimension, (int?)node["dimension"]);
            Expect($"number of heads of site '{site.Name}'", Moments.Heads(site.Attached), (int?)node["heads"]);
            JsonArray tasks = node["past"]!.AsArray();
            List<double[]> present = [], past = [];
            foreach ((string name, long[] shape, _) in Parts(site))
            {
                present.Add(Doubles(state, name, shape));
                past.Add(tasks.Count == 0 ? [] : Doubles(state, name + ".past", [tasks.Count, .. shape]));
            }
            string largest = $"largest eigenvalue of site '{site.Name}'";
            read.Add((site, Row(present, 0, 1), [.. tasks.Select((task, row) => new PastMoments((int)task!["task"]!, Row(past, row, tasks.Count), Size(task["reader"], largest), Size(task["mixing"], largest)))]));
        }
        InterferenceAudit? audit = ProjectionState.ReadAudit(state.Values["audit"]);
        long images = Count((long)state.Values["images"]!, "number of images");

        foreach ((NullSpaceSite site, Moments moments, List<PastMoments> past) in read)
        {
            site.End();
            site.Moments = moments;
            site.Past.Clear();
            site.Past.AddRange(past);
        }
        return (audit, images);
    }

    // The tensors of a site: readers, and mixing where it is known.
    private static IEnumerable<(string Name, long[] Shape, Func<Moments, double[]?> Part)> Parts(NullSpaceSite site)
    {
        ProjectionSite attached = site.Attached;
        yield return ($"{site.Name}.affinity", [Moments.Heads(attached), Moments.HeadWidth(attached), Moments.HeadWidth(attached)], moments => moments.Readers);
        if (attached.MixingName is not null) yield return ($"{site.Name}.aggregation", [attached.Rows, attached.Rows], moments => moments.Mixing);
    }

    // Row of rows: one task's part of what was written for all.
    private static Moments Row(List<double[]> parts, int row, int rows)
    {
        double[] Part(int index) => parts[index][(row * parts[index].Length / rows)..((row + 1) * parts[index].Length / rows)];
        return new Moments(Part(0), parts.Count > 1 ? Part(1) : null);
    }
}
