using System.Globalization;
using System.Text;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>The report's tables that set methods side by side.</summary>
internal static class ComparisonTables
{
    /// <summary>Each method's measures, mean ± deviation over its seeds, its training time and memory.</summary>
    public static void Measures(StringBuilder html, IReadOnlyList<RunSeries> series)
    {
        (string Head, Func<SequenceResult, double> Value, bool MoreIsBetter)[] measures =
        [
            ("Average accuracy", r => r.Matrix.AverageAccuracy, true),
            ("Forgetting", r => r.Matrix.Forgetting, false),
            ("Backward transfer", r => r.Matrix.BackwardTransfer, true),
            ("Learning accuracy", r => r.Matrix.LearningAccuracy, true),
            ("Incremental mean", r => r.Matrix.AverageIncrementalAccuracy, true),
        ];
        bool seeds = series.Any(s => s.Runs.Count > 1), memory = series.Any(s => s.Runs.Any(r => r.PeakMemory is not null));
        html.Append($"<h2>Result</h2><figure><table><tr><th>Method</th>{(seeds ? "<th>Runs</th>" : "")}");
        foreach (var measure in measures) html.Append($"<th>{measure.Head} {(measure.MoreIsBetter ? "↑" : "↓")}</th>");
        html.Append($"<th>Training time</th>{(memory ? "<th>Memory</th>" : "")}</tr>");
        foreach (RunSeries s in series)
        {
            html.Append($"<tr><td>{s.Label}</td>{(seeds ? $"<td>{s.Runs.Count}</td>" : "")}");
            foreach (var measure in measures)
            {
                SampleSummary value = s.Summarize(r => 100 * measure.Value(r));
                // Joint training is the bound, and out of competition.
                double[] means = [.. series.Where(other => !other.IsJoint).Select(other => other.Runs.Average(r => 100 * measure.Value(r)))];
                bool best = series.Count > 1 && !s.IsJoint && s.Runs.Average(r => 100 * measure.Value(r)) == (measure.MoreIsBetter ? means.Max() : means.Min());
                html.Append($"<td{(best ? " class=\"best\"" : "")}>{value}</td>");
            }
            double seconds = s.Runs.Average(r => r.TrainingTimes.Sum(t => t.TotalSeconds));
            html.Append(CultureInfo.InvariantCulture, $"<td>{seconds:0} s</td>");
            if (memory) html.Append(s.Runs.Max(r => r.PeakMemory) is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"<td>{bytes / (double)(1 << 30):0.0} GiB</td>") : "<td></td>");
            html.Append("</tr>");
        }
        html.Append("</table></figure><p class=\"note\">Average accuracy: mean over the tasks after the last one. Forgetting: how far each old task has fallen from its best, in points. " +
            "Learning accuracy: each task right after it was learned. Incremental mean: the average accuracy after each task, averaged." +
            (seeds ? " Mean ± standard deviation over the seeds; the time is that of one run." : "") + (memory ? " Memory: the most that the process held, without the GPU's." : "") +
            (series.Any(s => s.IsJoint) ? $" {string.Join(", ", series.Where(s => s.IsJoint).Select(s => Encode(s.Name)))}: joint training, anew on all tasks so far after each task; no continual learning, but what it is bounded by." : "") + "</p>");
    }

    /// <summary>How much better in average accuracy a row's method is than a column's, over the seeds that both have.</summary>
    public static void PairedDifferences(StringBuilder html, IReadOnlyList<RunSeries> series)
    {
        if (series.Count < 2 || !series.Any(s => s.Runs.Count > 1)) return;
        html.Append("<h2>Paired differences in average accuracy</h2><figure><table class=\"dense\"><tr><th>Row minus column</th>");
        foreach (RunSeries column in series) html.Append($"<th>{column.Head}</th>");
        html.Append("</tr>");
        int[] pairs = [.. series.SelectMany(row => series.Where(column => column != row), (row, column) => Difference(row, column)?.Count ?? 0)];
        string gap = series[0].IsNumbered ? "<br>" : " ";   // many columns are narrow ones
        foreach (RunSeries row in series)
        {
            html.Append($"<tr><td>{row.Label}</td>");
            foreach (RunSeries column in series)
            {
                SampleSummary? difference = row == column ? null : Difference(row, column);
                html.Append(difference is { } d ? $"<td{(d.IsClear ? " class=\"best\"" : "")} title=\"n = {d.Count}\">{d.ToDifference().Replace(" ±", $"{gap}<small>±", StringComparison.Ordinal)}{(d.Count > 1 ? "</small>" : "")}</td>" : "<td></td>");
            }
            html.Append("</tr>");
        }
        string n = pairs.Min() == pairs.Max() ? $"n = {pairs[0]}" : $"n = {pairs.Min()} to {pairs.Max()}, each cell's on hover";
        html.Append($"</table></figure><p class=\"note\">Runs with the same seed are compared: mean difference ± its standard error, in points ({n}). Bold: 0 lies outside the 95 % interval of Student's t for one comparison; among many, some will be bold by chance.</p>");
    }

    /// <summary>The accuracy on each task when it was new and at the end.</summary>
    public static void WhatIsLeft(StringBuilder html, IReadOnlyList<RunSeries> series)
    {
        int tasks = series.Max(s => s.TaskCount);
        if (tasks < 2) return;
        html.Append("<h2>What is left of each task at the end</h2><figure><table class=\"dense\"><tr><th>Task</th>");
        foreach (RunSeries s in series) html.Append($"<th>{s.Head}</th>");
        html.Append("</tr>");
        string arrow = series[0].IsNumbered ? "<br>→ " : " → ";
        for (int task = 0; task < tasks; task++)
        {
            html.Append($"<tr><td>{Encode(series.First(s => s.TaskCount > task).Runs[0].TaskNames[task])}</td>");
            foreach (RunSeries s in series)
                html.Append(task < s.TaskCount ? $"<td>{Percent(s.MeanAccuracy(task, task))}{arrow}{Percent(s.MeanAccuracy(s.TaskCount - 1, task))}</td>" : "<td></td>");
            html.Append("</tr>");
        }
        html.Append("</table></figure><p class=\"note\">Accuracy when the task was new → after the last task" + (series.Any(s => s.Runs.Count > 1) ? ", means over the seeds" : "") + (series[0].IsNumbered ? "; the columns are the methods by their numbers above" : "") + ".</p>");
    }

    private static SampleSummary? Difference(RunSeries row, RunSeries column) => SampleSummary.OfPairs(row.Runs, column.Runs, run => 100 * run.Matrix.AverageAccuracy);
}
