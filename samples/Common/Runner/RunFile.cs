using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Evaluation;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>Writes a run as JSON, so that other programs can compare runs.</summary>
/// <remarks>
/// Schema <c>continual-run/1</c>: <c>benchmark</c>, <c>method</c>, <c>name</c>, <c>seed</c>, <c>commandLine</c>, <c>setting</c>, <c>scenario</c>, <c>online</c>,
/// <c>tasks</c> (name and class labels, in the order learned), <c>matrix</c> (row j: accuracies on the tasks 0 … j after task j, fractions), <c>topFive</c> and <c>logLoss</c> (the
/// same shape), <c>testRows</c> (by task), <c>measures</c> (fractions), <c>times</c> (seconds), <c>configuration</c> (every option as text) and <c>environment</c>.
/// </remarks>
internal static class RunFile
{
    public const string Schema = "continual-run/1";

    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the file; one that is there is replaced only once the new one is complete.</summary>
    /// <returns>The file's path.</returns>
    public static string Write(string folder, string benchmark, BenchmarkRun run, string commandLine)
    {
        string path = Path.Combine(folder, FormattableString.Invariant($"{run.Method.Name}-seed{run.Seed}.json")), temporary = path + ".tmp";
        File.WriteAllText(temporary, ToJson(benchmark, run, commandLine).ToJsonString(s_readable) + "\n");
        File.Move(temporary, path, overwrite: true);
        return path;
    }

    private static JsonObject ToJson(string benchmark, BenchmarkRun run, string commandLine)
    {
        SequenceResult result = run.Result;
        AccuracyMatrix matrix = result.Matrix;
        var configuration = new JsonObject();
        foreach ((string name, string value) in result.Configuration) configuration[name] = value;
        return new JsonObject
        {
            ["schema"] = Schema,
            ["benchmark"] = benchmark,
            ["method"] = run.Method.Name,
            ["name"] = result.Name,
            ["seed"] = run.Seed,
            ["commandLine"] = commandLine,
            ["setting"] = result.Setting.ToString(),
            ["scenario"] = result.Scenario.ToString(),
            ["online"] = result.IsOnline,
            ["tasks"] = new JsonArray([.. run.Learned.Select(task => (JsonNode)new JsonObject
            {
                ["name"] = task.Name,
                ["classes"] = new JsonArray([.. task.Classes.Select(c => (JsonNode)JsonValue.Create(run.Classes[c])!)]),
            })]),
            ["matrix"] = Rows(result, e => e.Accuracy),
            ["topFive"] = Rows(result, e => e.TopFiveAccuracy),
            ["logLoss"] = Rows(result, e => e.LogLoss),
            ["testRows"] = new JsonArray([.. result.Evaluations[^1].Select(e => (JsonNode)e.Rows)]),
            ["measures"] = new JsonObject
            {
                ["averageAccuracy"] = matrix.AverageAccuracy,
                ["forgetting"] = matrix.Forgetting,
                ["backwardTransfer"] = matrix.BackwardTransfer,
                ["learningAccuracy"] = matrix.LearningAccuracy,
                ["averageIncrementalAccuracy"] = matrix.AverageIncrementalAccuracy,
                ["averageAccuracyAfter"] = Numbers(Enumerable.Range(0, matrix.TaskCount).Select(matrix.AverageAccuracyAfter)),
            },
            ["times"] = new JsonObject
            {
                ["training"] = Numbers(result.TrainingTimes.Select(t => Math.Round(t.TotalSeconds, 3))),
                ["total"] = Math.Round(run.Elapsed.TotalSeconds, 3),
            },
            ["configuration"] = configuration,
            ["environment"] = new JsonObject
            {
                ["system"] = RuntimeInformation.OSDescription,
                ["runtime"] = RuntimeInformation.FrameworkDescription,
                ["processors"] = Environment.ProcessorCount,
                ["library"] = typeof(SequenceResult).Assembly.GetName().Version?.ToString(),
            },
        };
    }

    private static JsonArray Rows(SequenceResult result, Func<TaskEvaluation, double> value) => new([.. result.Evaluations.Select(row => (JsonNode)Numbers(row.Select(value)))]);

    private static JsonArray Numbers(IEnumerable<double> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v)!)]);
}
