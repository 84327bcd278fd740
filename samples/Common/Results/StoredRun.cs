using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Runner;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Samples.Results;

/// <summary>A run read back from its JSON file, so that it can be compared and reported again.</summary>
public sealed record StoredRun
{
    private readonly JsonNode _json;

    private StoredRun(string path, JsonNode json, SequenceResult result) => (Path, _json, Result) = (path, json, result);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The run as <c>continual.Run</c> gave it.</summary>
    public SequenceResult Result { get; }

    /// <summary>What <c>--method</c> called the method.</summary>
    public string Method => Text("method")!;

    /// <summary>The seed.</summary>
    public int Seed => Result.Seed!.Value;

    /// <summary>The benchmark's title.</summary>
    public string Benchmark => Text("benchmark")!;

    /// <summary>The command-line options that decide about the numbers, with the values given; of files and folders the last part of the path.</summary>
    public IReadOnlyDictionary<string, string> Settings => _json["settings"]!.AsObject().ToDictionary(pair => pair.Key, pair => (string)pair.Value!, StringComparer.Ordinal);

    /// <summary>The time of the whole run, evaluation included.</summary>
    public TimeSpan Elapsed => TimeSpan.FromSeconds((double)_json["times"]!["total"]!);

    /// <summary>The rows of each class in a part of the data, as <c>label: rows</c>, ordered by label and joined: equal texts mean equal amounts of data.</summary>
    /// <param name="part"><c>trainRows</c> or <c>testRows</c>.</param>
    public string Rows(string part) => string.Join(", ", _json["tasks"]!.AsArray()
        .SelectMany(task => task!["classes"]!.AsArray().Zip(task[part]!.AsArray(), (label, rows) => $"{(string)label!}: {(int)rows!}")).Order(StringComparer.Ordinal));

    /// <summary>All rows of a part of the data.</summary>
    /// <param name="part"><c>trainRows</c> or <c>testRows</c>.</param>
    public int RowCount(string part) => _json["tasks"]!.AsArray().Sum(task => task![part]!.AsArray().Sum(rows => (int)rows!));

    /// <summary>A value as text, by the names on the way to it; null where there is none. Objects and lists are their JSON.</summary>
    public string? Text(params string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);
        JsonNode? node = _json;
        foreach (string name in names) node = node?[name];
        return node?.GetValueKind() == JsonValueKind.String ? (string?)node : node?.ToJsonString();
    }

    /// <summary>Reads a run's file.</summary>
    /// <exception cref="InvalidDataException">It is no run of a schema that this program knows, or is damaged; the message names the file and what is wrong.</exception>
    public static StoredRun Read(string path)
    {
        try
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(path)) ?? throw new FormatException("it is empty");
            string schema = json is JsonObject ? (string?)json["schema"] ?? "none" : "none";
            if (schema != RunFile.Schema) throw new FormatException($"expected the schema {RunFile.Schema}, found {schema}");
            foreach (string name in (string[])["method", "benchmark", "settings", "backbone", "training", "environment"]) Need(json, name);
            return new StoredRun(path, json, ReadResult(json));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"'{path}' is not a run's file that this program can read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>Reads all runs below a folder, in the ordinal order of their paths. JSON files that are something else by their schema are passed over.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or a run of another schema version.</exception>
    public static IReadOnlyList<StoredRun> ReadFolder(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where(IsRun).Select(Read)];

    /// <summary>Whether a file says that it is a run, or does not say what it is.</summary>
    private static bool IsRun(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(path)) is not JsonObject json || json["schema"] is not JsonValue schema || schema.ToString().StartsWith("continual-run/", StringComparison.Ordinal);
        }
        catch (JsonException)
        {
            return true;   // Read says what is wrong
        }
    }

    private static SequenceResult ReadResult(JsonNode json)
    {
        EvaluationSetting setting = Enum.Parse<EvaluationSetting>((string)Need(json, "setting")!);
        double[][] accuracy = Table(Need(json, "matrix")), topFive = Table(Need(json, "topFive")), logLoss = Table(Need(json, "logLoss"));
        string[] names = [.. Need(json, "tasks").AsArray().Select(task => (string)Need(task!, "name")!)];
        int[] rows = [.. Need(json, "testRows").AsArray().Select(n => (int)n!)];
        if (accuracy.Length != names.Length || accuracy.Length == 0) throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"expected a row of the matrix for each of its {names.Length} tasks, found {accuracy.Length}"));
        return new SequenceResult
        {
            Name = (string)Need(json, "name")!,
            Seed = (int)Need(json, "seed"),
            Setting = setting,
            Scenario = Enum.Parse<Scenario>((string)Need(json, "scenario")!),
            IsOnline = (bool)Need(json, "online"),
            IsJoint = (bool?)json["joint"] ?? false,
            Matrix = new AccuracyMatrix(accuracy) { ForgettingMaxIncludesCurrent = (bool)Need(Need(json, "measures"), "forgettingMaximumIncludesCurrent") },
            Evaluations = [.. accuracy.Select((row, after) => row.Select((a, task) => new TaskEvaluation(names[task], setting, rows[task], a, topFive[after][task], logLoss[after][task])).ToArray())],
            TrainingTimes = [.. Need(Need(json, "times"), "training").AsArray().Select(s => TimeSpan.FromSeconds((double)s!))],
            PeakMemory = (long?)json["peakMemory"],
            TaskClasses = [.. Need(json, "tasks").AsArray().Select(task => (IReadOnlyList<string>)[.. Need(task!, "classes").AsArray().Select(label => (string)label!)])],
            Audits = [.. Need(json, "audits").AsArray().Select(audit => new InterferenceAudit((int)Need(audit!, "task"), [.. Need(audit, "entries").AsArray().Select(e =>
                new InterferenceEntry((string)Need(e!, "site")!, (int)Need(e, "pastTask"), (double)Need(e, "relativeChange"), (double)Need(e, "unconstrainedShare")))]))],
            Configuration = [.. Need(json, "configuration").AsObject().Select(pair => KeyValuePair.Create(pair.Key, (string)pair.Value!))],
        };
    }

    private static JsonNode Need(JsonNode? node, string name) => node?[name] ?? throw new FormatException($"'{name}' is missing");

    private static double[][] Table(JsonNode rows) => [.. rows.AsArray().Select(row => row!.AsArray().Select(a => (double)a!).ToArray())];
}
