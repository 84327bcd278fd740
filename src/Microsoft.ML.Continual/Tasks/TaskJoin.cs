namespace Microsoft.ML.Continual.Tasks;

/// <summary>Makes one task of several.</summary>
internal static class TaskJoin
{
    /// <summary>A task with the rows of all tasks, in their order. Test views that tasks share are taken once.</summary>
    /// <param name="tasks">The tasks; read to the end at once.</param>
    /// <param name="name">The new task's name.</param>
    /// <exception cref="ArgumentException">There is no task, the name is blank, or columns of one name are of different types.</exception>
    public static ContinualTask Join(IEnumerable<ContinualTask> tasks, string name)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        ContinualTask[] all = [.. tasks];
        if (all.Length == 0) throw new ArgumentException("A joint task needs at least one task.", nameof(tasks));
        string[] names = [.. all.Select(task => task.Name)];
        ContinualTask[] tests = [.. all.Where(task => task.Test is not null).DistinctBy(task => task.Test, ReferenceEqualityComparer.Instance)];
        return new ContinualTask(
            name,
            new JoinedView([.. all.Select(task => task.Train)], names),
            all.Any(task => task.Test is null) ? null : new JoinedView([.. tests.Select(task => task.Test!)], [.. tests.Select(task => task.Name)]),
            all.Any(task => task.ClassNames is null) ? null : [.. all.SelectMany(task => task.ClassNames!).Distinct(StringComparer.Ordinal)]);
    }
}
