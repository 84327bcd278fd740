using System.Globalization;
using System.Text;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Runner.Methods;

namespace Microsoft.ML.Continual.Samples.Results;

/// <summary>A comparison as a Markdown table: each figure a mean over seeds, differences seed by seed, each line with links to its runs.</summary>
internal static class ComparisonTable
{
    // What the methods are measured against, where the comparison has them.
    private static readonly string[] s_baselines = ["ncm", "linear-probe"];

    /// <param name="comparison">The runs.</param>
    /// <param name="linksFrom">The folder of the page that the table stands in.</param>
    public static string Write(Comparison comparison, string linksFrom)
    {
        Comparison.Row[] baselines = comparison.Methods.Count == 1 ? [] : [.. s_baselines.Select(name => comparison.Methods.FirstOrDefault(method => method.Method == name)).OfType<Comparison.Row>()];
        bool twins = comparison.Methods.Any(method => Twin(comparison, method) is not null);
        var table = new StringBuilder();
        table.Append($"**{Escape(comparison.Runs[0].Benchmark)}** ({Escape(comparison.Name)}): {Escape(Describe(comparison))}\n\n");
        string[] heads = ["Method", "Average accuracy", "Forgetting", "Learning accuracy", "Incremental mean", .. baselines.Select(row => $"− {Escape(row.Title)}"), .. twins ? ["− without projection"] : Array.Empty<string>(), "Training", "Time", "Runs"];
        table.Append($"| {string.Join(" | ", heads)} |\n| {string.Join(" | ", heads.Select(_ => "---"))} |\n");
        // Joint training is the bound, and out of competition.
        double best = comparison.Methods.Where(method => !method.IsJoint).Select(method => method.Results.Average(run => run.Matrix.AverageAccuracy)).DefaultIfEmpty(double.NaN).Max();
        foreach (Comparison.Row method in comparison.Methods)
        {
            string Mean(Func<AccuracyMatrix, double> measure) => SampleSummary.Of([.. method.Results.Select(run => 100 * measure(run.Matrix))]).ToString();
            string accuracy = Mean(a => a.AverageAccuracy);
            string[] cells =
            [
                Escape(method.Title),
                !method.IsJoint && method.Results.Average(run => run.Matrix.AverageAccuracy) == best ? $"**{accuracy}**" : accuracy,
                Mean(a => a.Forgetting),
                Mean(a => a.LearningAccuracy),
                Mean(a => a.AverageIncrementalAccuracy),
                .. baselines.Select(row => row == method ? "" : Difference(method, row)),
                .. twins ? [Twin(comparison, method) is { } twin ? Difference(method, twin) : ""] : Array.Empty<string>(),
                Escape(Training(method.Runs[0])),
                Time(method.Results.Average(run => run.TrainingTimes.Sum(time => time.TotalSeconds))),
                string.Join(" ", method.Runs.Select(run => $"[{run.Seed}]({Link(linksFrom, run.Path)})")),
            ];
            table.Append($"| {string.Join(" | ", cells)} |\n");
        }
        int seeds = comparison.Methods[0].Runs.Count;
        table.Append(seeds == 1 ? "\nIn percent; one run each." : $"\nIn percent, mean ± standard deviation over {seeds} seeds.");
        if (baselines.Length > 0 || twins)
            table.Append(seeds == 1 ? " Differences are in average accuracy." : $" Differences are in average accuracy, of runs with the same seed: mean ± standard error, n = {seeds}; ° where 0 lies within the 95 % interval of Student's t.");
        foreach (string note in Bounds(comparison).Concat(ComparisonCheck.Notes(comparison))) table.Append(' ').Append(Escape(note));
        return table.Append('\n').ToString();
    }

    private static IEnumerable<string> Bounds(Comparison comparison)
    {
        string[] joint = [.. comparison.Methods.Where(method => method.IsJoint).Select(method => method.Title)];
        if (joint.Length > 0) yield return $"No continual learning but what it is bounded by, trained anew on the data of all tasks so far after each task: {string.Join(", ", joint)}.";
    }

    // The same method without its projection, its classifier aligned likewise or not at all.
    private static Comparison.Row? Twin(Comparison comparison, Comparison.Row method) => Projections.WithoutProjection(method.Method) is { } plain
        ? comparison.Methods.FirstOrDefault(other => other.Method == plain.Name && Option(other.Runs[0], "Alignment") == Option(method.Runs[0], "Alignment")) : null;

    private static string Difference(Comparison.Row a, Comparison.Row b) => SampleSummary.OfPairs(a.Results, b.Results, run => 100 * run.Matrix.AverageAccuracy) is { } difference
        ? difference.ToDifference() + (difference.Count > 1 && !difference.IsClear ? "°" : "") : "";

    private static string Describe(Comparison comparison)
    {
        StoredRun run = comparison.Runs[0];
        int classes = run.Result.TaskClasses.SelectMany(labels => labels).Distinct().Count();
        // How joint training predicts is the table's note.
        IReadOnlyList<StoredRun> continual = [.. comparison.Runs.Where(r => !r.Result.IsJoint)];
        string[] protocols = [.. (continual.Count > 0 ? continual : comparison.Runs).Select(r => r.Text("protocol") ?? "").Distinct()];
        string orders = comparison.Runs.Select(r => string.Join('\n', r.Result.TaskClasses.SelectMany(labels => labels))).Distinct().Count() == 1 ? "one class order" : "a class order for each seed";
        return string.Create(CultureInfo.InvariantCulture, $"{run.Result.Matrix.TaskCount} tasks, {classes} classes, {run.RowCount("trainRows")} training and {run.RowCount("testRows")} test images, {orders}; {run.Settings.GetValueOrDefault("--setting")}-incremental") +
            (run.Settings.ContainsKey("--online") ? ", online" : "") + $"; predictions: {(protocols.Length == 1 ? protocols[0] : $"{protocols.Length} protocols, see the runs")}; " +
            $"{run.Text("backbone", "architecture")} ({run.Text("backbone", "file")}, SHA-256 {run.Text("backbone", "sha256")?[..12]}…), {run.Text("backbone", "imageSize")} px, {run.Text("backbone", "computeType")}; " +
            $"seeds {string.Join(", ", comparison.Methods[0].Runs.Select(r => r.Seed))}.";
    }

    private static string Training(StoredRun run)
    {
        string? epochs = run.Text("training", "epochs"), rate = run.Text("training", "learningRate"), mask = run.Text("training", "classMask");
        if (run.Method == "ncm" || epochs is null) return "none";
        string scaled = run.Text("training", "scaleLearningRateByBatch") == "true" ? " · batch/256" : "";
        string? head = Option(run, "HeadLearningRateScale"), energy = Option(run, "PgpOptions.Energy");
        return $"{epochs} {(epochs == "1" ? "pass" : "passes")}, rate {rate}{scaled}{(head is null or "1" ? "" : $", classifier × {head}")}, batch {run.Text("training", "batchSize")}" +
            $"{(mask is null ? "" : $", mask {mask}")}{(energy is null ? "" : $", energy {energy}")}{(run.Result.IsJoint ? "; joint" : "")}";
    }

    private static string? Option(StoredRun run, string name) => run.Result.Configuration.FirstOrDefault(line => line.Key == name).Value;

    private static string Time(double seconds) => seconds < 100 ? seconds.ToString("0 s", CultureInfo.InvariantCulture) : (seconds / 60).ToString("0 min", CultureInfo.InvariantCulture);

    private static string Link(string from, string path) => Uri.EscapeDataString(Path.GetRelativePath(from, path)).Replace("%2F", "/", StringComparison.Ordinal).Replace("%5C", "/", StringComparison.Ordinal);

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
