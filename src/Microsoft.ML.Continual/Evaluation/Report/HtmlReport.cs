using System.Globalization;
using System.Text;
using Microsoft.ML.Continual.Training;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>One self-contained HTML page over several runs: no script, no font and no picture from elsewhere.</summary>
internal static class HtmlReport
{
    public static string Render(string title, IReadOnlyList<SequenceResult> runs)
    {
        var html = new StringBuilder();
        html.Append($"<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{Encode(title)}</title><style>{ReportStyle.Sheet}</style></head><body>");
        string shared = string.Concat(runs.Select(r => r.Summary.AsEnumerable()).Aggregate((a, b) => a.Intersect(b)).Select(words => ", " + words));   // what all runs have in common
        html.Append($"<h1>{Encode(title)}</h1><p class=\"lead\">{runs.Count} {(runs.Count == 1 ? "run" : "runs")}, {runs.Max(r => r.Matrix.TaskCount)} tasks{Encode(shared)}. All figures in percent.</p>");
        Summary(html, runs);
        Curves(html, runs);
        Matrices(html, runs);
        ForgettingByTask(html, runs);
        Audits(html, runs);
        Configurations(html, runs);
        return html.Append("</body></html>").ToString();
    }

    private static void Summary(StringBuilder html, IReadOnlyList<SequenceResult> runs)
    {
        (string Head, Func<SequenceResult, double> Value, bool MoreIsBetter)[] measures =
        [
            ("Average accuracy", r => r.Matrix.AverageAccuracy, true),
            ("Forgetting", r => r.Matrix.Forgetting, false),
            ("Backward transfer", r => r.Matrix.BackwardTransfer, true),
            ("Learning accuracy", r => r.Matrix.LearningAccuracy, true),
            ("Incremental mean", r => r.Matrix.AverageIncrementalAccuracy, true),
        ];
        html.Append("<h2>Result</h2><figure><table><tr><th>Run</th>");
        foreach (var measure in measures) html.Append($"<th>{measure.Head} {(measure.MoreIsBetter ? "↑" : "↓")}</th>");
        html.Append("<th>Training time</th></tr>");
        for (int run = 0; run < runs.Count; run++)
        {
            html.Append($"<tr><td><span class=\"key\" style=\"background:{ReportStyle.RunColor(run)}\"></span>{Encode(runs[run].Name)}</td>");
            foreach (var measure in measures)
            {
                double value = measure.Value(runs[run]);
                double best = measure.MoreIsBetter ? runs.Max(measure.Value) : runs.Min(measure.Value);
                html.Append($"<td{(runs.Count > 1 && value == best ? " class=\"best\"" : "")}>{Percent(value)}</td>");
            }
            double seconds = runs[run].TrainingTimes.Sum(t => t.TotalSeconds);
            html.Append(CultureInfo.InvariantCulture, $"<td>{seconds:0} s</td></tr>");
        }
        html.Append("</table></figure><p class=\"note\">Average accuracy: mean over the tasks after the last one. Forgetting: how far each old task has fallen from its best, in points. Learning accuracy: each task right after it was learned.</p>");
    }

    private static void Curves(StringBuilder html, IReadOnlyList<SequenceResult> runs)
    {
        html.Append("<h2>Average accuracy over the tasks learned so far</h2><figure>");
        html.Append(LineChart.Draw([.. runs.Select(r => (r.Name, (IReadOnlyList<double>)[.. Enumerable.Range(0, r.Matrix.TaskCount).Select(r.Matrix.AverageAccuracyAfter)]))], "Average accuracy after each task, one line a run"));
        html.Append("</figure>");
    }

    private static void Matrices(StringBuilder html, IReadOnlyList<SequenceResult> runs)
    {
        html.Append("<h2>Accuracy on each task after each task</h2><div class=\"grid\">");
        foreach (SequenceResult run in runs)
            html.Append($"<figure class=\"card\"><h3>{Encode(run.Name)}</h3>{HeatMap.Draw(run.Matrix, run.TaskNames, $"Accuracy matrix of {run.Name}")}</figure>");
        html.Append("</div><p class=\"note\">Columns are tasks, rows the model after so many tasks. A column that grows pale downwards is a task being forgotten.</p>");
    }

    private static void ForgettingByTask(StringBuilder html, IReadOnlyList<SequenceResult> runs)
    {
        int tasks = runs.Max(r => r.Matrix.TaskCount);
        if (tasks < 2) return;
        html.Append("<h2>What is left of each task at the end</h2><figure><table><tr><th>Task</th>");
        foreach (SequenceResult run in runs) html.Append($"<th>{Encode(run.Name)}</th>");
        html.Append("</tr>");
        for (int task = 0; task < tasks; task++)
        {
            html.Append($"<tr><td>{Encode(runs.First(r => r.Matrix.TaskCount > task).TaskNames[task])}</td>");
            foreach (SequenceResult run in runs)
                html.Append(task < run.Matrix.TaskCount ? $"<td>{Percent(run.Matrix[task, task])} → {Percent(run.Matrix[run.Matrix.TaskCount - 1, task])}</td>" : "<td></td>");
            html.Append("</tr>");
        }
        html.Append("</table></figure><p class=\"note\">Accuracy when the task was new → after the last task.</p>");
    }

    private static void Audits(StringBuilder html, IReadOnlyList<SequenceResult> runs)
    {
        SequenceResult[] audited = [.. runs.Where(r => r.Audits.Count > 0)];
        if (audited.Length == 0) return;
        html.Append("<h2>Interference audit: how far each task's update moved x·pᵀ of the tasks before it</h2><figure><table><tr><th>Run</th><th class=\"text\">Site</th><th>Mean change</th><th>Largest change</th><th>Largest share of what the update could do</th></tr>");
        foreach (SequenceResult run in audited)
            foreach (IGrouping<string, InterferenceEntry> site in run.Audits.SelectMany(a => a.Entries).GroupBy(e => e.Site))
                html.Append($"<tr><td>{Encode(run.Name)}</td><td class=\"text\">{Encode(site.Key)}</td><td>{Share(site.Average(e => e.RelativeChange))}</td><td>{Share(site.Max(e => e.RelativeChange))}</td><td>{Share(site.Max(e => e.UnconstrainedShare))}</td></tr>");
        html.Append("</table></figure><p class=\"note\">x: activations of an old task; p: the parameters. Change: ‖XΔpᵀ‖ / ‖Xpᵀ‖ over a task's whole update. 0 means that the old task was not disturbed at this site.</p>");
        foreach (SequenceResult run in audited)
        {
            html.Append($"<details><summary>{Encode(run.Name)}, task by task</summary><figure><table><tr><th>After task</th><th class=\"text\">Site</th><th>Past tasks</th><th>Largest change</th><th>Largest share</th></tr>");
            foreach (InterferenceAudit audit in run.Audits)
                foreach (IGrouping<string, InterferenceEntry> site in audit.Entries.GroupBy(e => e.Site))
                    html.Append($"<tr><td>{audit.TaskIndex + 1}</td><td class=\"text\">{Encode(site.Key)}</td><td>{site.Count()}</td><td>{Share(site.Max(e => e.RelativeChange))}</td><td>{Share(site.Max(e => e.UnconstrainedShare))}</td></tr>");
            html.Append("</table></figure></details>");
        }
    }

    private static void Configurations(StringBuilder html, IReadOnlyList<SequenceResult> runs)
    {
        html.Append("<h2>How these numbers came about</h2>");
        foreach (SequenceResult run in runs)
        {
            html.Append($"<details><summary>{Encode(run.Name)}</summary><table>");
            foreach ((string name, string value) in run.Configuration) html.Append($"<tr><td>{Encode(name)}</td><td class=\"text\">{Encode(value)}</td></tr>");
            html.Append("</table></details>");
        }
    }
}
