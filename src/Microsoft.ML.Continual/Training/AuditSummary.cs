using System.Globalization;

namespace Microsoft.ML.Continual.Training;

/// <summary>An <see cref="InterferenceAudit"/> in a line for each site.</summary>
internal static class AuditSummary
{
    public static IEnumerable<string> Lines(UpdateConstraint? constraint)
    {
        if (constraint?.LastAudit is not { } audit) yield break;
        foreach (IGrouping<string, InterferenceEntry> site in audit.Entries.GroupBy(entry => entry.Site, StringComparer.Ordinal))
        {
            InterferenceEntry worst = site.MaxBy(entry => entry.RelativeChange)!;
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{constraint.Name} audit, {site.Key}: the products of {site.Count()} old tasks moved by at most {worst.RelativeChange:0.0e+0} relatively (task {worst.PastTaskIndex + 1}), {100 * worst.UnconstrainedShare:0.####} % of what this update could have done");
        }
    }
}
