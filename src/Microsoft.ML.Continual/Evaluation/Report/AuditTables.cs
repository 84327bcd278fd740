using System.Text;
using Microsoft.ML.Continual.Training;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>The report's tables of what a constraint measured.</summary>
internal static class AuditTables
{
    public static void Audits(StringBuilder html, IReadOnlyList<RunSeries> series)
    {
        RunSeries[] audited = [.. series.Where(s => s.Runs.Any(r => r.Audits.Count > 0))];
        if (audited.Length == 0) return;
        html.Append("<h2>Interference audit: how far each task's update moved x·pᵀ of the tasks before it</h2><figure><table><tr><th>Method</th><th class=\"text\">Site</th><th>Mean change</th><th>Largest change</th><th>Largest share of what the update could do</th></tr>");
        foreach (RunSeries s in audited)
            foreach (IGrouping<string, InterferenceEntry> site in s.Runs.SelectMany(r => r.Audits).SelectMany(a => a.Entries).GroupBy(e => e.Site))
                html.Append($"<tr><td>{s.Label}</td><td class=\"text\">{Encode(site.Key)}</td><td>{Share(site.Average(e => e.RelativeChange))}</td><td>{Share(site.Max(e => e.RelativeChange))}</td><td>{Share(site.Max(e => e.UnconstrainedShare))}</td></tr>");
        html.Append("</table></figure><p class=\"note\">x: activations of an old task; p: the parameters. Change: ‖XΔpᵀ‖ / ‖Xpᵀ‖ over a task's whole update. 0 means that the old task was not disturbed at this site. Over all seeds.</p>");
        foreach (RunSeries s in audited)
        {
            html.Append($"<details><summary>{Encode(s.Name)}, task by task</summary><figure><table><tr><th>After task</th><th class=\"text\">Site</th><th>Past tasks</th><th>Largest change</th><th>Largest share</th></tr>");
            foreach (IGrouping<int, InterferenceAudit> task in s.Runs.SelectMany(r => r.Audits).GroupBy(a => a.TaskIndex))
                foreach (IGrouping<string, InterferenceEntry> site in task.SelectMany(a => a.Entries).GroupBy(e => e.Site))
                    html.Append($"<tr><td>{task.Key + 1}</td><td class=\"text\">{Encode(site.Key)}</td><td>{site.Select(e => e.PastTaskIndex).Distinct().Count()}</td><td>{Share(site.Max(e => e.RelativeChange))}</td><td>{Share(site.Max(e => e.UnconstrainedShare))}</td></tr>");
            html.Append("</table></figure></details>");
        }
    }
}
