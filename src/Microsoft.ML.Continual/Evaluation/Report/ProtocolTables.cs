using System.Text;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>The report's tables of how its numbers came about.</summary>
internal static class ProtocolTables
{
    // What decides whether two numbers may be compared; the full lists stand at the end of the page.
    private static readonly string[] s_protocol = ["Scenario", "Setting", "Protocol", "Training", "Forgetting", "LearningRate", "BatchSize", "ClassMask", "TrainingView", "Device"];

    /// <summary>What all methods share, in lines, and what they do not, in a table.</summary>
    public static void Protocol(StringBuilder html, IReadOnlyList<RunSeries> series)
    {
        string[] known = [.. s_protocol.Where(key => series.Any(s => Value(s, key) is not null))];
        if (known.Length == 0) return;
        string[] shared = [.. known.Where(key => series.All(s => Value(s, key) is { } value && value == Value(series[0], key)))], own = [.. known.Except(shared)];
        html.Append("<h2>Protocol</h2>");
        if (shared.Length > 0)
        {
            html.Append("<table>");
            foreach (string key in shared) html.Append($"<tr><td>{key}</td><td class=\"text\">{Encode(Value(series[0], key)!)}</td></tr>");
            html.Append("</table>");
        }
        if (own.Length == 0) return;
        html.Append("<figure><table><tr><th>Method</th>");
        foreach (string key in own) html.Append($"<th class=\"text\">{key}</th>");
        html.Append("</tr>");
        foreach (RunSeries s in series)
            html.Append($"<tr><td>{s.Label}</td>{string.Concat(own.Select(key => $"<td class=\"text\">{Encode(Value(s, key) ?? "")}</td>"))}</tr>");
        html.Append("</table></figure>");
    }

    /// <summary>The classes of each task, once for each class order among the runs.</summary>
    public static void Tasks(StringBuilder html, IReadOnlyList<SequenceResult> runs)
    {
        var orders = runs.Where(r => r.TaskClasses.Count > 0).GroupBy(r => string.Join('\n', r.TaskClasses.Select(classes => string.Join('\t', classes)))).ToArray();
        if (orders.Length == 0) return;
        html.Append("<h2>Tasks and their classes</h2>");
        foreach (var order in orders)
        {
            SequenceResult run = order.First();
            string seeds = orders.Length == 1 ? "all runs" : "seeds " + string.Join(", ", order.Select(r => r.Seed).Distinct());
            html.Append($"<details><summary>{run.TaskClasses.Count} tasks, {run.TaskClasses.SelectMany(c => c).Distinct().Count()} classes ({seeds})</summary><table><tr><th>Task</th><th>Classes</th><th>Test rows</th><th class=\"text\">Labels</th></tr>");
            for (int task = 0; task < run.TaskClasses.Count; task++)
                html.Append($"<tr><td>{Encode(run.TaskNames[task])}</td><td>{run.TaskClasses[task].Count}</td><td>{run.Evaluations[^1][task].Rows}</td><td class=\"text\">{Encode(string.Join(" · ", run.TaskClasses[task]))}</td></tr>");
            html.Append("</table></details>");
        }
    }

    /// <summary>Every option of every method.</summary>
    public static void Configurations(StringBuilder html, IReadOnlyList<RunSeries> series)
    {
        html.Append("<h2>How these numbers came about</h2>");
        foreach (RunSeries s in series)
        {
            html.Append($"<details><summary>{Encode(s.Name + s.Seeds)}</summary><table>");
            foreach (string key in s.Runs.SelectMany(r => r.Configuration).Select(line => line.Key).Distinct())
                html.Append($"<tr><td>{Encode(key)}</td><td class=\"text\">{Encode(Value(s, key) ?? "")}</td></tr>");
            html.Append("</table></details>");
        }
    }

    /// <summary>The line's value, once where all runs agree, else run for run; null where no run has the line.</summary>
    private static string? Value(RunSeries series, string key)
    {
        string[] values = [.. series.Runs.SelectMany(r => r.Configuration.Where(line => line.Key == key).Select(line => line.Value))];
        return values.Length == 0 ? null : string.Join(" | ", values.Distinct().Count() == 1 ? values[..1] : values);
    }
}
