using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Persistence;
using Microsoft.ML.Continual.Tasks;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>A <see cref="TrainerState"/> as part of a file.</summary>
internal static class TrainerStateDocument
{
    private const string MethodPart = "method", ConstraintPart = "constraint";

    /// <summary>Writes a state.</summary>
    /// <returns>What belongs into the document; the tensors stay the state's.</returns>
    public static JsonObject Write(TrainerState state, IDictionary<string, Tensor> tensors) => new()
    {
        ["method"] = state.MethodName,
        ["methodValues"] = StateParts.Write(MethodPart, state.Method, tensors),
        ["constraint"] = state.ConstraintName,
        ["constraintValues"] = state.Constraint is null ? null : StateParts.Write(ConstraintPart, state.Constraint, tensors),
        ["classes"] = state.Classes.ToJson(),
        ["tasks"] = new JsonArray([.. state.Tasks.Select(task => (JsonNode)new JsonObject { ["name"] = task.Name, ["classes"] = Numbers(task.Classes) })]),
        ["random"] = new JsonArray([.. state.Random.Select(word => (JsonNode)word.ToString("x16", CultureInfo.InvariantCulture))]),
        ["columns"] = new JsonObject
        {
            ["image"] = state.Columns.ImageColumn, ["imageType"] = state.Columns.ImageType, ["label"] = state.Columns.LabelColumn, ["labelType"] = state.Columns.LabelType,
        },
        ["audit"] = state.Audit is null ? null : Write(state.Audit),
    };

    /// <summary>Reads a state; its tensors leave the file.</summary>
    /// <exception cref="InvalidDataException">The document is not of a state; the message names the file.</exception>
    public static TrainerState Read(JsonNode json, StateFile file) => file.Parse("what was learned", () =>
    {
        StateDictionary method = StateParts.Read(MethodPart, json["methodValues"], file);
        StateDictionary? constraint = null;
        try
        {
            if (json["constraint"] is not null) constraint = StateParts.Read(ConstraintPart, json["constraintValues"], file);
            ClassRegistry classes = ClassRegistry.FromJson(json["classes"]).Freeze();
            LearnedTask[] tasks = [.. json["tasks"]!.AsArray().Select(t => new LearnedTask(t!["name"]!.GetValue<string>(), Array.AsReadOnly([.. t["classes"]!.AsArray().Select(c => c!.GetValue<int>())])))];
            if (tasks.FirstOrDefault(t => t.Classes.Count == 0 || t.Classes.Any(c => c < 0 || c >= classes.Count)) is { } odd)
                throw file.Broken($"the task '{odd.Name}': expected classes among 0 … {classes.Count - 1}; found {string.Join(", ", odd.Classes.Take(10))}");
            if (tasks.Length == 0 || classes.Count == 0) throw file.Broken($"expected at least one task and one class; found {tasks.Length} and {classes.Count}");
            JsonNode columns = json["columns"]!;
            return new TrainerState
            {
                MethodName = json["method"]!.GetValue<string>(),
                Method = method,
                ConstraintName = (string?)json["constraint"],
                Constraint = constraint,
                Classes = classes,
                Tasks = Array.AsReadOnly(tasks),
                Random = Words(json["random"], file),
                Columns = new ColumnSignature(Name("image"), Name("imageType"), Name("label"), Name("labelType")),
                Audit = json["audit"] is { } audit ? ReadAudit(audit) : null,
            };

            string Name(string part) => columns[part]!.GetValue<string>();
        }
        catch
        {
            method.Dispose();
            constraint?.Dispose();
            throw;
        }
    });

    /// <summary>An audit as an object, exactly.</summary>
    public static JsonObject Write(InterferenceAudit audit) => new()
    {
        ["task"] = audit.TaskIndex,
        ["entries"] = new JsonArray([.. audit.Entries.Select(e => (JsonNode)new JsonArray(e.Site, e.PastTaskIndex, Text(e.RelativeChange), Text(e.UnconstrainedShare)))]),
    };

    /// <summary>Reads an audit.</summary>
    public static InterferenceAudit ReadAudit(JsonNode audit) => new(audit["task"]!.GetValue<int>(), Array.AsReadOnly<InterferenceEntry>(
        [.. audit["entries"]!.AsArray().Select(e => new InterferenceEntry(e![0]!.GetValue<string>(), e[1]!.GetValue<int>(), Number(e[2]), Number(e[3])))]));

    /// <summary>A number as text, which holds every value of a double exactly.</summary>
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The number of a text by <see cref="Text"/>.</summary>
    public static double Number(JsonNode? json) => double.Parse(json!.GetValue<string>(), NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>Whole numbers as a list.</summary>
    public static JsonArray Numbers(IEnumerable<int> numbers) => new([.. numbers.Select(n => (JsonNode)n)]);

    private static ulong[] Words(JsonNode? json, StateFile file)
    {
        ulong[] words = [.. json!.AsArray().Select(w => ulong.Parse(w!.GetValue<string>(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];
        SeededRandom.FromState(words);   // checks them
        return words;
    }
}
