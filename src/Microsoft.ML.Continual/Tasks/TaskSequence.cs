using System.Collections;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>Tasks in the order they are learned: known beforehand, or a stream whose future nobody knows.</summary>
/// <remarks>A stream is asked for the next task when the one before is done, never earlier.</remarks>
public sealed class TaskSequence : IEnumerable<ContinualTask>
{
    private readonly IEnumerable<ContinualTask>? _tasks;
    private readonly IAsyncEnumerable<ContinualTask>? _asyncTasks;

    /// <summary>A sequence known beforehand.</summary>
    /// <exception cref="ArgumentException">There is no task, or two have the same name.</exception>
    public TaskSequence(params IReadOnlyList<ContinualTask> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        if (tasks.Count == 0) throw new ArgumentException("A sequence needs at least one task.", nameof(tasks));
        if (tasks.Any(task => task is null)) throw new ArgumentException("A sequence holds no null task.", nameof(tasks));
        if (tasks.GroupBy(task => task.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Two tasks have the name '{twice.Key}'; reports could not tell them apart.", nameof(tasks));
        ContinualTask[] known = [.. tasks];
        (_tasks, Count) = (known, known.Length);
    }

    private TaskSequence(IEnumerable<ContinualTask>? tasks, IAsyncEnumerable<ContinualTask>? asyncTasks) => (_tasks, _asyncTasks) = (tasks, asyncTasks);

    /// <summary>The number of tasks, or null when the future is unknown.</summary>
    public int? Count { get; }

    /// <summary>One task for each training view, named <c>Task 1</c>, <c>Task 2</c>, …</summary>
    /// <param name="train">The training views, in order.</param>
    /// <param name="test">The test views, one for each training view, or null.</param>
    /// <exception cref="ArgumentException">There is no view, or the numbers of views differ.</exception>
    public static TaskSequence FromViews(IReadOnlyList<IDataView> train, IReadOnlyList<IDataView>? test = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        if (test is not null && test.Count != train.Count)
            throw new ArgumentException($"Expected one test view for each of the {train.Count} training views, found {test.Count}.", nameof(test));
        return new TaskSequence([.. train.Select((view, i) => new ContinualTask($"Task {i + 1}", view, test?[i]))]);
    }

    /// <summary>A stream of tasks whose number is unknown. It is read lazily and as often as the sequence is enumerated.</summary>
    public static TaskSequence FromStream(IEnumerable<ContinualTask> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        return new TaskSequence(tasks, null);
    }

    /// <summary>A stream of tasks that arrive in their own time. Plain <c>foreach</c> waits for each; see <see cref="ToAsyncEnumerable"/>.</summary>
    public static TaskSequence FromStream(IAsyncEnumerable<ContinualTask> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        return new TaskSequence(null, tasks);
    }

    /// <summary>Tasks of consecutive rows of a view that is read once, while the tasks are learned: its cursor is opened once and each row is read once, in order.</summary>
    /// <param name="rows">The rows in the order in which they arrive. Classes may come back.</param>
    /// <param name="rowsPerTask">The rows of a task; the last may have fewer.</param>
    /// <param name="test">The test rows of every task, or null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A task is to have less than one row.</exception>
    public static TaskSequence FromRows(IDataView rows, int rowsPerTask, IDataView? test = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerTask, 1);
        return new TaskSequence(new RowStream(rows, rowsPerTask, test).Tasks(), null);
    }

    /// <summary>The tasks, one after another.</summary>
    public IEnumerator<ContinualTask> GetEnumerator() => (_tasks ?? _asyncTasks!.ToBlockingEnumerable()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The tasks, one after another, for <c>await foreach</c>, which does not block while a task has not arrived yet.</summary>
    public IAsyncEnumerable<ContinualTask> ToAsyncEnumerable() => _asyncTasks ?? AsyncEnumerable.ToAsyncEnumerable(_tasks!);
}
