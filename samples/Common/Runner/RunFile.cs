using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Runner.Methods;
using TorchSharp;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>Writes a run as JSON, so that it can be compared and reported again, and its accuracy matrix as CSV. The schema is described in <c>docs/results.md</c>.</summary>
internal sealed class RunFile(Benchmark benchmark, BenchmarkTasks data, Backbone backbone, RunSettings settings)
{
    public const string Schema = "continual-run/2";

    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lazy<TaskRows[]> _rows = new(() => [.. data.Tasks.Select(TaskRows.Of)]);

    /// <summary>Where a run's file lies: the mark that it is done.</summary>
    public static string PathOf(string folder, MethodEntry method, int seed) => Path.Combine(folder, FormattableString.Invariant($"{method.Name}-seed{seed}.json"));

    /// <summary>Writes the CSV and then the JSON; a file that is there is replaced only once the new one is complete.</summary>
    /// <returns>The JSON file's path.</returns>
    public string Write(BenchmarkRun run)
    {
        string path = PathOf(settings.Out, run.Method, run.Seed);
        Replace(Path.ChangeExtension(path, ".csv"), Csv(run.Result));
        Replace(path, ToJson(run).ToJsonString(s_readable) + "\n");
        return path;
    }

    /// <summary>The accuracy matrix: a line after each task, a column for each task, fractions; empty where a task was still to come.</summary>
    internal static string Csv(SequenceResult result)
    {
        var csv = new StringBuilder("after task");
        foreach (string name in result.TaskNames) csv.Append(',').Append(name.AsSpan().ContainsAny(",\"\r\n") ? $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : name);
        int tasks = result.Matrix.TaskCount;
        for (int after = 0; after < tasks; after++)
            csv.Append('\n').Append(after + 1).Append(string.Concat(result.Matrix.Row(after).Select(a => "," + a.ToString("R", CultureInfo.InvariantCulture)))).Append(',', tasks - 1 - after);
        return csv.Append('\n').ToString();
    }

    private static void Replace(string path, string text)
    {
        File.WriteAllText(path + ".tmp", text);
        File.Move(path + ".tmp", path, overwrite: true);
    }

    private JsonObject ToJson(BenchmarkRun run)
    {
        SequenceResult result = run.Result;
        AccuracyMatrix matrix = result.Matrix;
        string[] version = (typeof(SequenceResult).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "").Split('+');
        IEnumerable<int> tasks = Enumerable.Range(0, matrix.TaskCount);
        return new JsonObject
        {
            ["schema"] = Schema,
            ["program"] = new JsonObject { ["name"] = benchmark.Program, ["version"] = version[0], ["commit"] = version.Length > 1 ? version[1] : null },
            ["commandLine"] = settings.CommandLine,
            ["benchmark"] = benchmark.Title,
            ["data"] = data.Description,
            ["method"] = run.Method.Name,
            ["name"] = result.Name,
            ["seed"] = run.Seed,
            ["settings"] = Words(settings.Given),
            ["setting"] = result.Setting.ToString(),
            ["scenario"] = result.Scenario.ToString(),
            ["online"] = result.IsOnline,
            ["joint"] = result.IsJoint,
            ["protocol"] = Option(result, "Protocol"),
            ["backbone"] = new JsonObject
            {
                ["architecture"] = backbone.Architecture,
                ["file"] = Path.GetFileName(backbone.Source),
                ["sha256"] = backbone.SourceSha256,
                ["computeType"] = backbone.ComputeType.ToString(),
                ["device"] = backbone.Device.ToString(),
                ["imageSize"] = backbone.ImageSize,
                ["normalization"] = new JsonObject { ["mean"] = Numbers(backbone.Normalization.Mean), ["deviation"] = Numbers(backbone.Normalization.Deviation) },
            },
            ["training"] = new JsonObject
            {
                ["epochs"] = Option(result, "Epochs"),
                ["batchSize"] = Option(result, "BatchSize"),
                ["optimizer"] = Option(result, "Optimizer"),
                ["learningRate"] = Option(result, "LearningRate"),
                ["scaleLearningRateByBatch"] = Option(result, "ScaleLearningRateByBatch"),
                ["classMask"] = Option(result, "ClassMask"),
            },
            ["tasks"] = new JsonArray([.. tasks.Select(task => (JsonNode)new JsonObject
            {
                ["name"] = result.TaskNames[task],
                ["classes"] = Texts(result.TaskClasses[task]),
                ["trainRows"] = Counts(result.TaskClasses[task], _rows.Value[task].Train),
                ["testRows"] = Counts(result.TaskClasses[task], _rows.Value[task].Test),
            })]),
            ["matrix"] = Rows(result, e => e.Accuracy),
            ["topFive"] = Rows(result, e => e.TopFiveAccuracy),
            ["logLoss"] = Rows(result, e => e.LogLoss),
            ["testRows"] = Numbers(result.Evaluations[^1].Select(e => e.Rows)),
            ["measures"] = new JsonObject
            {
                ["averageAccuracy"] = matrix.AverageAccuracy,
                ["forgetting"] = matrix.Forgetting,
                ["forgettingMaximumIncludesCurrent"] = matrix.ForgettingMaxIncludesCurrent,
                ["backwardTransfer"] = matrix.BackwardTransfer,
                ["learningAccuracy"] = matrix.LearningAccuracy,
                ["averageIncrementalAccuracy"] = matrix.AverageIncrementalAccuracy,
            },
            ["curves"] = new JsonObject
            {
                ["averageAccuracy"] = Numbers(tasks.Select(matrix.AverageAccuracyAfter)),
                ["forgetting"] = Numbers(tasks.Select(task => matrix.ForgettingAfter(task))),
                ["backwardTransfer"] = Numbers(tasks.Select(matrix.BackwardTransferAfter)),
            },
            ["times"] = new JsonObject
            {
                ["training"] = Numbers(result.TrainingTimes.Select(t => Math.Round(t.TotalSeconds, 3))),
                ["total"] = Math.Round(run.Elapsed.TotalSeconds, 3),
            },
            ["peakMemory"] = result.PeakMemory,
            ["audits"] = new JsonArray([.. result.Audits.Select(audit => (JsonNode)new JsonObject
            {
                ["task"] = audit.TaskIndex,
                ["entries"] = new JsonArray([.. audit.Entries.Select(e => (JsonNode)new JsonObject
                    { ["site"] = e.Site, ["pastTask"] = e.PastTaskIndex, ["relativeChange"] = e.RelativeChange, ["unconstrainedShare"] = e.UnconstrainedShare })]),
            })]),
            ["configuration"] = Words(result.Configuration),
            ["environment"] = new JsonObject
            {
                ["system"] = RuntimeInformation.OSDescription,
                ["runtime"] = RuntimeInformation.FrameworkDescription,
                ["processors"] = Environment.ProcessorCount,
                ["threads"] = torch.get_num_threads(),
                ["libraries"] = new JsonArray([.. new[] { typeof(SequenceResult), typeof(MLContext), typeof(torch) }.Select(type => type.Assembly.GetName()).Select(name => (JsonNode)$"{name.Name} {name.Version}")]),
            },
        };
    }

    /// <summary>A line of the configuration as a number, a truth value or text; null where the method has no such option.</summary>
    private static JsonNode? Option(SequenceResult result, string name)
    {
        string? value = result.Configuration.FirstOrDefault(line => line.Key == name).Value;
        return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : bool.TryParse(value, out bool truth) ? truth : value;
    }

    private static JsonObject Words(IEnumerable<KeyValuePair<string, string>> lines)
    {
        var words = new JsonObject();
        foreach ((string name, string value) in lines) words[name] = value;
        return words;
    }

    private static JsonArray Rows(SequenceResult result, Func<TaskEvaluation, double> value) => new([.. result.Evaluations.Select(row => (JsonNode)Numbers(row.Select(value)))]);

    private static JsonArray Counts(IEnumerable<string> labels, IReadOnlyDictionary<string, int> rows) => Numbers(labels.Select(label => rows.GetValueOrDefault(label)));

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)JsonValue.Create(text)!)]);

    private static JsonArray Numbers<T>(IEnumerable<T> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v)!)]);
}
