using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>How many rows of each label a task has. Only labels are read, no image is decoded.</summary>
/// <param name="Train">Training rows by label.</param>
/// <param name="Test">Test rows by label.</param>
internal sealed record TaskRows(IReadOnlyDictionary<string, int> Train, IReadOnlyDictionary<string, int> Test)
{
    /// <summary>Counts a task's rows.</summary>
    public static TaskRows Of(ContinualTask task) => new(Count(task.Train), task.Test is { } test ? Count(test) : new Dictionary<string, int>());

    private static Dictionary<string, int> Count(IDataView view) =>
        view.GetColumn<ReadOnlyMemory<char>>("Label").GroupBy(label => label.ToString(), StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
}
