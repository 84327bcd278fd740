using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>What a run over a sequence has found so far: kept in the trainer's state file, so that the two never part. The times, which no two runs share, lie in a file beside it.</summary>
internal sealed class RunRecord
{
    private const string TimesSuffix = ".times";

    /// <summary>In joint training the task, 0-based, at which the state's trainer is: it learns the tasks 0 … that one. Null where one trainer learns task after task.</summary>
    public int? JointTask { get; set; }

    /// <summary>[j][i]: task i after task j.</summary>
    public List<IReadOnlyList<TaskEvaluation>> Evaluations { get; } = [];

    /// <summary>What the constraint measured, task by task.</summary>
    public List<InterferenceAudit> Audits { get; } = [];

    /// <summary>How long each task's <c>Fit</c> took. Of a task that was resumed: what was left of it.</summary>
    public List<TimeSpan> Times { get; } = [];

    /// <summary>The record without its times.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["evaluations"] = new JsonArray([.. Evaluations.Select(row => (JsonNode)new JsonArray([.. row.Select(e => (JsonNode)new JsonObject
            {
                ["task"] = e.TaskName, ["setting"] = e.Setting.ToString(), ["rows"] = e.Rows,
                ["accuracy"] = TrainerStateDocument.Text(e.Accuracy), ["topFive"] = TrainerStateDocument.Text(e.TopFiveAccuracy), ["logLoss"] = TrainerStateDocument.Text(e.LogLoss),
            })]))]),
            ["audits"] = new JsonArray([.. Audits.Select(audit => (JsonNode)TrainerStateDocument.Write(audit))]),
        };
        if (JointTask is { } task) json["jointTask"] = task;
        return json;
    }

    /// <summary>Reads a record.</summary>
    /// <param name="json">What <see cref="ToJson"/> wrote; null where the state is of no run.</param>
    /// <param name="path">The state's file, for messages and for the times.</param>
    /// <param name="setting">How the run evaluates.</param>
    /// <param name="isJoint">Whether the run is of joint training.</param>
    /// <exception cref="InvalidDataException">The state is of no run, or of one that evaluates or trains otherwise.</exception>
    public static RunRecord Read(JsonObject? json, string path, EvaluationSetting setting, bool isJoint)
    {
        if (json is null) throw new InvalidDataException($"'{path}': the state has no evaluations: it is of a trainer by itself, not of a run. Give the run another {nameof(RunOptions.StatePath)}.");
        try
        {
            var record = new RunRecord { JointTask = json["jointTask"]?.GetValue<int>() };
            if (record.JointTask is not null != isJoint)
            {
                (string expected, string found) = isJoint ? ("joint training", "learning task after task") : ("learning task after task", "joint training");
                throw new InvalidDataException($"'{path}': expected the state of a run of {expected}; found one of {found}. Give the run another {nameof(RunOptions.StatePath)}.");
            }
            foreach (JsonNode? row in json["evaluations"]!.AsArray())
            {
                record.Evaluations.Add([.. row!.AsArray().Select(e => new TaskEvaluation(
                    e!["task"]!.GetValue<string>(), Enum.Parse<EvaluationSetting>(e["setting"]!.GetValue<string>()), e["rows"]!.GetValue<int>(),
                    TrainerStateDocument.Number(e["accuracy"]), TrainerStateDocument.Number(e["topFive"]), TrainerStateDocument.Number(e["logLoss"])))]);
                if (record.Evaluations[^1].Count != record.Evaluations.Count) throw new FormatException($"row {record.Evaluations.Count} has {record.Evaluations[^1].Count} evaluations");
            }
            record.Audits.AddRange(json["audits"]!.AsArray().Select(audit => TrainerStateDocument.ReadAudit(audit!)));
            if (record.Evaluations.SelectMany(row => row).FirstOrDefault(e => e.Setting != setting) is { } other)
                throw new InvalidDataException($"'{path}': the run was evaluated as {other.Setting}; expected {setting}, as {nameof(RunOptions)}.{nameof(RunOptions.Setting)} says.");
            record.ReadTimes(path);
            return record;
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"'{path}': the run's evaluations cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Writes the times beside the state.</summary>
    public void WriteTimes(string path) => AtomicFile.Write(path + TimesSuffix, file =>
    {
        using var writer = new StreamWriter(file, leaveOpen: true);
        foreach (TimeSpan time in Times) writer.WriteLine(time.Ticks.ToString(System.Globalization.CultureInfo.InvariantCulture));
    });

    private void ReadTimes(string path)
    {
        string[] lines = File.Exists(path + TimesSuffix) ? File.ReadAllLines(path + TimesSuffix) : [];
        // A report without a time is better than none.
        for (int i = 0; i < Evaluations.Count; i++) Times.Add(i < lines.Length && long.TryParse(lines[i], out long ticks) && ticks >= 0 ? new TimeSpan(ticks) : TimeSpan.Zero);
    }
}
