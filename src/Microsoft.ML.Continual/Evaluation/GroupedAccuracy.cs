using System.Globalization;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Accuracy by groups of consecutive classes, and of old and new ones: what the released code of CLIP-PGP prints, in place of a matrix, after each task.</summary>
/// <remarks>A class index is the order in which classes were met, so a group of as many classes as a task has is a task.</remarks>
/// <param name="Total">The fraction of all rows that are right, in [0, 1].</param>
/// <param name="Groups">By group: its first and last class index and the fraction of its rows that are right; NaN for a group without rows.</param>
/// <param name="Old">The fraction of right rows among those of old classes; 0 where there are none, as in the released code.</param>
/// <param name="New">The fraction of right rows among those of new classes; 0 where there are none.</param>
public sealed record GroupedAccuracy(double Total, IReadOnlyList<(int First, int Last, double Accuracy)> Groups, double Old, double New)
{
    /// <summary>Counts.</summary>
    /// <param name="predicted">The class index predicted for each row.</param>
    /// <param name="actual">The class index of each row.</param>
    /// <param name="oldClassCount">Classes below this index are old, the others new.</param>
    /// <param name="groupSize">The number of classes of a group.</param>
    /// <exception cref="ArgumentException">There are no rows, the lengths differ, an index is negative, or a group is to have less than one class.</exception>
    public static GroupedAccuracy Of(IReadOnlyList<int> predicted, IReadOnlyList<int> actual, int oldClassCount, int groupSize)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        ArgumentNullException.ThrowIfNull(actual);
        ArgumentOutOfRangeException.ThrowIfNegative(oldClassCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        if (predicted.Count != actual.Count || actual.Count == 0)
            throw new ArgumentException($"Expected one prediction for each of at least one row, found {predicted.Count} predictions and {actual.Count} labels.", nameof(predicted));
        if (actual.Any(c => c < 0)) throw new ArgumentException($"Class indices are 0 or more; found {actual.Min()}.", nameof(actual));

        (int First, int Last, double)[] groups = [.. Enumerable.Range(0, actual.Max() / groupSize + 1)
            .Select(g => (First: g * groupSize, Last: (g + 1) * groupSize - 1))
            .Select(g => (g.First, g.Last, Share(c => c >= g.First && c <= g.Last, double.NaN)))];
        return new GroupedAccuracy(Share(_ => true, 0), groups, Share(c => c < oldClassCount, 0), Share(c => c >= oldClassCount, 0));

        double Share(Func<int, bool> belongs, double ofNone)
        {
            int[] rows = [.. Enumerable.Range(0, actual.Count).Where(row => belongs(actual[row]))];
            return rows.Length == 0 ? ofNone : rows.Count(row => predicted[row] == actual[row]) / (double)rows.Length;
        }
    }

    /// <summary>One line in percent.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"total {100 * Total:0.00}, {string.Join(", ", Groups.Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.First:00}-{g.Last:00} {100 * g.Accuracy:0.00}")))}, old {100 * Old:0.00}, new {100 * New:0.00} (%)");
}
