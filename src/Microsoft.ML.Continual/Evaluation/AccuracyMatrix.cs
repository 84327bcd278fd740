using System.Globalization;
using System.Text;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>
/// A[j, i]: the accuracy on task i's test rows of the model after task j, i ≤ j, 0-based; and the measures that the field derives from it.
/// </summary>
/// <remarks>
/// The library fills in fractions in [0, 1]; the measures keep whatever unit the entries have. Formulas: PGP (ICLR 2024), section 5.1 and
/// appendix, with forgetting in the usual sign (positive is bad). A task's accuracy is the mean over its rows, averages over tasks are unweighted.
/// </remarks>
public sealed class AccuracyMatrix
{
    private readonly List<double[]> _rows = [];

    /// <summary>An empty matrix; rows are added as tasks are learned.</summary>
    public AccuracyMatrix() { }

    /// <summary>A matrix from its rows: row j has j + 1 entries.</summary>
    /// <exception cref="ArgumentException">A row has another length, or an entry is not finite.</exception>
    public AccuracyMatrix(IEnumerable<IReadOnlyList<double>> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        foreach (IReadOnlyList<double> row in rows) AddRow(row);
    }

    /// <summary>
    /// The released code's variant of forgetting: the best accuracy of an old task is looked for in the present model too, so that forgetting is never negative. The paper's
    /// formula leaves the present model out.
    /// </summary>
    /// <value>The default is false.</value>
    public bool ForgettingMaxIncludesCurrent { get; init; }

    /// <summary>The number of tasks learned so far.</summary>
    public int TaskCount => _rows.Count;

    /// <summary>The accuracy on task <paramref name="task"/> after task <paramref name="after"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An index is negative, too large, or the task is later than <paramref name="after"/>.</exception>
    public double this[int after, int task]
    {
        get
        {
            CheckTask(after);
            if (task < 0 || task > after)
                throw new ArgumentOutOfRangeException(nameof(task), task, $"After task {after} there are accuracies of the tasks 0 to {after}.");
            return _rows[after][task];
        }
    }

    /// <summary>Adds the accuracies on the tasks 0 … j after task j, the next one.</summary>
    /// <exception cref="ArgumentException">There are not j + 1 entries, or one is not finite.</exception>
    public void AddRow(IReadOnlyList<double> accuracies)
    {
        ArgumentNullException.ThrowIfNull(accuracies);
        if (accuracies.Count != _rows.Count + 1)
            throw new ArgumentException($"After task {_rows.Count} (0-based) expected {_rows.Count + 1} accuracies, found {accuracies.Count}.", nameof(accuracies));
        if (accuracies.Any(a => !double.IsFinite(a)))
            throw new ArgumentException($"The accuracies after task {_rows.Count} hold a value that is not finite.", nameof(accuracies));
        _rows.Add([.. accuracies]);
    }

    /// <summary>The accuracies on the tasks 0 … <paramref name="after"/> after task <paramref name="after"/>.</summary>
    public IReadOnlyList<double> Row(int after)
    {
        CheckTask(after);
        return _rows[after];
    }

    /// <summary>ACC: the mean over the tasks learned, after the last one.</summary>
    public double AverageAccuracy => AverageAccuracyAfter(TaskCount - 1);

    /// <summary>ACC_j = (1 / (j+1)) Σ_{i ≤ j} A[j, i].</summary>
    public double AverageAccuracyAfter(int after) => Row(after).Average();

    /// <summary>Forgetting after the last task, as <see cref="ForgettingMaxIncludesCurrent"/> says; 0 for one task.</summary>
    public double Forgetting => ForgettingAfter(TaskCount - 1);

    /// <summary>FOR_j = (1 / j) Σ_{i &lt; j} ( max over i ≤ k &lt; j of A[k, i] − A[j, i] ); positive is bad; 0 for the first task.</summary>
    /// <param name="after">The task j.</param>
    /// <param name="maximumIncludesCurrent">
    /// The released code's variant: the maximum also runs over the present model, so that the result is never negative. Null is what
    /// <see cref="ForgettingMaxIncludesCurrent"/> says.
    /// </param>
    public double ForgettingAfter(int after, bool? maximumIncludesCurrent = null)
    {
        CheckTask(after);
        int last = maximumIncludesCurrent ?? ForgettingMaxIncludesCurrent ? after : after - 1;
        return MeanOverOldTasks(after, i => Enumerable.Range(i, last - i + 1).Max(k => _rows[k][i]) - _rows[after][i]);
    }

    /// <summary>Backward transfer after the last task; 0 for one task.</summary>
    public double BackwardTransfer => BackwardTransferAfter(TaskCount - 1);

    /// <summary>BWT_j = (1 / j) Σ_{i &lt; j} ( A[j, i] − A[i, i] ); 0 for the first task.</summary>
    public double BackwardTransferAfter(int after)
    {
        CheckTask(after);
        return MeanOverOldTasks(after, i => _rows[after][i] - _rows[i][i]);
    }

    /// <summary>LA: the mean of A[i, i], how well each task was learned when it was new.</summary>
    public double LearningAccuracy
    {
        get
        {
            CheckTask(TaskCount - 1);
            return _rows.Select((row, i) => row[i]).Average();
        }
    }

    /// <summary>ACC_j with each task weighted by its number of test rows: the accuracy over all test rows seen so far, as the released code of NSP² prints it.</summary>
    /// <param name="after">The task j.</param>
    /// <param name="testRows">The number of test rows of each task, at least j + 1 of them.</param>
    /// <exception cref="ArgumentException">There are fewer numbers than tasks, or one is not positive.</exception>
    public double WeightedAccuracyAfter(int after, IReadOnlyList<long> testRows)
    {
        ArgumentNullException.ThrowIfNull(testRows);
        IReadOnlyList<double> row = Row(after);
        if (testRows.Count < row.Count || testRows.Take(row.Count).Any(n => n <= 0))
            throw new ArgumentException($"Expected the positive numbers of test rows of {row.Count} tasks; found {string.Join(", ", testRows)}.", nameof(testRows));
        return row.Select((accuracy, task) => accuracy * testRows[task]).Sum() / testRows.Take(row.Count).Sum();
    }

    /// <summary>The mean of ACC_j over all j.</summary>
    public double AverageIncrementalAccuracy
    {
        get
        {
            CheckTask(TaskCount - 1);
            return Enumerable.Range(0, TaskCount).Average(AverageAccuracyAfter);
        }
    }

    /// <summary>The matrix as a table in percent, one line for each learned task, then the measures.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (double[] row in _rows)
            text.AppendLine(string.Join(' ', row.Select(a => Percent(a).PadLeft(6))));
        if (TaskCount > 0)
            text.Append(CultureInfo.InvariantCulture, $"average {Percent(AverageAccuracy)}, forgetting {Percent(Forgetting)}, backward transfer {Percent(BackwardTransfer)}, learning {Percent(LearningAccuracy)} (%)");
        return text.ToString();
    }

    private static string Percent(double fraction) => (100 * fraction).ToString("0.0", CultureInfo.InvariantCulture);

    private static double MeanOverOldTasks(int after, Func<int, double> measure) => after == 0 ? 0 : Enumerable.Range(0, after).Average(measure);

    private void CheckTask(int after)
    {
        if (TaskCount == 0) throw new InvalidOperationException("The accuracy matrix has no row yet: learn and evaluate a task first.");
        if (after < 0 || after >= TaskCount)
            throw new ArgumentOutOfRangeException(nameof(after), after, $"The matrix has rows for the tasks 0 to {TaskCount - 1}.");
    }
}
