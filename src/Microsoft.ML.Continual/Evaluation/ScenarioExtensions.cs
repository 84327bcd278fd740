using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Finds out and describes scenarios.</summary>
public static class ScenarioExtensions
{
    /// <summary>The scenario of some learned tasks, in order: those of a model, for instance.</summary>
    public static Scenario FindScenario(this IReadOnlyList<LearnedTask> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        if (tasks.Count < 2) return Scenario.SingleTask;
        var seen = new HashSet<int>(tasks[0].Classes);
        bool anyNew = false, anyKnown = false;
        foreach (LearnedTask task in tasks.Skip(1))
        {
            int known = task.Classes.Count(seen.Contains);
            anyKnown |= known > 0;
            anyNew |= known < task.Classes.Count;
            seen.UnionWith(task.Classes);
        }
        return (anyNew, anyKnown) switch
        {
            (true, false) => Scenario.ClassIncremental,
            (true, true) => Scenario.Mixed,
            _ => Scenario.DomainIncremental,
        };
    }

    /// <summary>The scenario in words, for reports.</summary>
    internal static string Describe(this Scenario scenario) => scenario switch
    {
        Scenario.ClassIncremental => "class-incremental: every task brings classes of its own",
        Scenario.DomainIncremental => "domain-incremental: no task after the first brings a new class",
        Scenario.Mixed => "mixed: some classes come back, some are new",
        _ => "a single task",
    };
}
