using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>The tasks that a benchmark has made of its data.</summary>
/// <param name="Description">The data in one line, for a person.</param>
/// <param name="Tasks">The tasks, which can be enumerated any number of times.</param>
public sealed record BenchmarkTasks(string Description, IReadOnlyList<ContinualTask> Tasks)
{
    /// <summary>The names of classes by label, where labels are not names; empty where they are.</summary>
    public IReadOnlyDictionary<string, string> ClassNames { get; init; } = new Dictionary<string, string>();
}
