using System.Text;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>One self-contained HTML page over several runs: no script, no font and no picture from elsewhere.</summary>
internal static class HtmlReport
{
    public static string Render(string title, IReadOnlyList<SequenceResult> runs)
    {
        IReadOnlyList<RunSeries> series = RunSeries.Of(runs);
        var html = new StringBuilder();
        html.Append($"<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{Encode(title)}</title><style>{ReportStyle.Sheet}</style></head><body>");
        string shared = string.Concat(runs.Select(r => r.Summary.AsEnumerable()).Aggregate((a, b) => a.Intersect(b)).Select(words => ", " + words));   // what all runs have in common
        string methods = series.Count == runs.Count ? "" : $" of {series.Count} {(series.Count == 1 ? "method" : "methods")}";
        html.Append($"<h1>{Encode(title)}</h1><p class=\"lead\">{runs.Count} {(runs.Count == 1 ? "run" : "runs")}{methods}, {runs.Max(r => r.Matrix.TaskCount)} tasks{Encode(shared)}. All figures in percent.</p>");
        ComparisonTables.Measures(html, series);
        ComparisonTables.PairedDifferences(html, series);
        Curves(html, series);
        ProtocolTables.Protocol(html, series);
        Matrices(html, series);
        ComparisonTables.WhatIsLeft(html, series);
        AuditTables.Audits(html, series);
        ProtocolTables.Tasks(html, runs);
        ProtocolTables.Configurations(html, series);
        return html.Append("</body></html>").ToString();
    }

    private static void Curves(StringBuilder html, IReadOnlyList<RunSeries> series)
    {
        string bands = series.Any(s => s.Runs.Count > 1) ? " Lines are means over the seeds, bands one standard deviation to either side." : "";
        html.Append("<h2>Average accuracy over the tasks learned so far</h2><figure>");
        html.Append(LineChart.Draw(series, (matrix, after) => matrix.AverageAccuracyAfter(after), firstTask: 0, "Average accuracy after each task, one line a method"));
        html.Append($"</figure><p class=\"note\">Names stand in the order of the last task.{bands}</p>");
        if (series.Max(s => s.TaskCount) < 2) return;
        html.Append("<h2>Forgetting over the tasks learned so far</h2><figure>");
        html.Append(LineChart.Draw([.. series.Where(s => s.TaskCount > 1)], (matrix, after) => matrix.ForgettingAfter(after), firstTask: 1, "Forgetting after each task from the second on, one line a method"));
        html.Append("</figure><p class=\"note\">How far the old tasks have fallen from their best, on average, in points; less is better. Below 0: old tasks have become better.</p>");
    }

    private static void Matrices(StringBuilder html, IReadOnlyList<RunSeries> series)
    {
        html.Append("<h2>Accuracy on each task after each task</h2><div class=\"grid\">");
        foreach (RunSeries s in series)
        {
            string mean = s.Runs.Count > 1 ? $", mean of {s.Runs.Count} seeds" : "";
            html.Append($"<figure class=\"card\"><h3 style=\"max-width:{Coordinate(HeatMap.Width(s.TaskCount))}px\">{Encode(s.Name)}{mean}</h3>");
            html.Append($"{HeatMap.Draw(s.TaskCount, s.MeanAccuracy, s.Runs[0].TaskNames, $"Accuracy matrix of {s.Name}")}</figure>");
        }
        html.Append("</div><p class=\"note\">Columns are tasks, rows the model after so many tasks. A column that grows pale downwards is a task being forgotten.</p>");
    }
}
