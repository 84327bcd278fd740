using Microsoft.ML.Runtime;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>Makes a class-incremental sequence of tasks out of one data set: every class belongs to one task.</summary>
/// <remarks>
/// The tasks' views are filters over the given views and copy nothing; the training labels are read once, when the split is made.
/// Test rows whose label does not occur in the training rows belong to no task.
/// </remarks>
internal static class ClassSplit
{
    /// <summary>Splits by label value into tasks of equally many classes; the first tasks take one more where the number does not divide evenly.</summary>
    /// <param name="mlContext">Where the seed of <see cref="ClassOrder.Shuffled"/> comes from when none is given.</param>
    /// <param name="train">The training rows of all classes.</param>
    /// <param name="test">The test rows of all classes, or null.</param>
    /// <param name="taskCount">The number of tasks.</param>
    /// <param name="labelColumnName">The label column: a key, text or a number.</param>
    /// <param name="order">The order of the classes; null is <see cref="ClassOrder.Sorted"/>.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, or there are fewer classes than tasks.</exception>
    /// <exception cref="InvalidDataException">There is no training row, or one has no label.</exception>
    public static TaskSequence SplitByClass(
        MLContext mlContext, IDataView train, IDataView? test, int taskCount, string labelColumnName = "Label", ClassOrder? order = null)
    {
        IReadOnlyList<object> classes = FindClasses(mlContext, train, test, labelColumnName, order);
        if (taskCount < 1 || taskCount > classes.Count)
            throw new ArgumentOutOfRangeException(nameof(taskCount), taskCount, $"Expected from 1 task to one for each of the {classes.Count} classes of the column '{labelColumnName}'.");
        int[] sizes = [.. Enumerable.Range(0, taskCount).Select(t => classes.Count / taskCount + (t < classes.Count % taskCount ? 1 : 0))];
        return Split(classes, sizes, train, test, labelColumnName);
    }

    /// <summary>Splits by label value into tasks of given sizes, such as a large first task and small ones after it.</summary>
    /// <param name="mlContext">Where the seed of <see cref="ClassOrder.Shuffled"/> comes from when none is given.</param>
    /// <param name="train">The training rows of all classes.</param>
    /// <param name="test">The test rows of all classes, or null.</param>
    /// <param name="classesPerTask">The number of classes of each task; together all classes.</param>
    /// <param name="labelColumnName">The label column: a key, text or a number.</param>
    /// <param name="order">The order of the classes; null is <see cref="ClassOrder.Sorted"/>.</param>
    /// <exception cref="ArgumentException">A column is missing or of another type, or the sizes do not add up to the number of classes.</exception>
    /// <exception cref="InvalidDataException">There is no training row, or one has no label.</exception>
    public static TaskSequence SplitByClass(
        MLContext mlContext, IDataView train, IDataView? test, IReadOnlyList<int> classesPerTask, string labelColumnName = "Label", ClassOrder? order = null)
    {
        ArgumentNullException.ThrowIfNull(classesPerTask);
        IReadOnlyList<object> classes = FindClasses(mlContext, train, test, labelColumnName, order);
        if (classesPerTask.Any(size => size < 1) || classesPerTask.Sum(size => (long)size) != classes.Count)
        {
            throw new ArgumentException($"Expected positive numbers of classes that add up to the {classes.Count} classes of the column '{labelColumnName}', " +
                $"found {string.Join(" + ", classesPerTask)}.", nameof(classesPerTask));
        }
        return Split(classes, classesPerTask, train, test, labelColumnName);
    }

    private static IReadOnlyList<object> FindClasses(MLContext mlContext, IDataView train, IDataView? test, string labelColumnName, ClassOrder? order)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentNullException.ThrowIfNull(train);
        LabelColumn labels = LabelColumn.Create(train.Schema, labelColumnName);
        var found = new ClassRegistry();
        using (DataViewRowCursor cursor = train.GetRowCursor([labels.Column]))
        {
            Func<long, object> read = labels.BindRequired(cursor);
            for (long row = 0; cursor.MoveNext(); row++) found.Add(read(row));
        }
        if (found.Count == 0) throw new InvalidDataException("The training view has no rows; a split by class needs at least one.");
        if (test is not null) LabelColumn.Create(test.Schema, labelColumnName, found);   // the same type of labels, or an error now
        return (order ?? ClassOrder.Sorted).Arrange(found, mlContext, labelColumnName);
    }

    private static TaskSequence Split(IReadOnlyList<object> classes, IReadOnlyList<int> sizes, IDataView train, IDataView? test, string labelColumnName)
    {
        var tasks = new List<ContinualTask>();
        int start = 0;
        foreach (int size in sizes)
        {
            object[] own = [.. classes.Skip(start).Take(size)];
            LabelKind kind = LabelKind.ForValue(own[0])!;
            tasks.Add(new ContinualTask(
                $"Task {tasks.Count + 1}",
                new ClassFilterView(train, labelColumnName, own),
                test is null ? null : new ClassFilterView(test, labelColumnName, own),
                [.. own.Select(kind.Format)]));
            start += size;
        }
        return new TaskSequence(tasks);
    }
}
