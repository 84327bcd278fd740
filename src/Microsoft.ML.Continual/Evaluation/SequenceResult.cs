using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>What came of one trainer that learned a sequence of tasks, or of joint training on them.</summary>
public sealed class SequenceResult
{
    /// <summary>The run's name, as reports print it.</summary>
    public required string Name { get; init; }

    /// <summary>The seed of everything random in the run, or null where it is not known. Runs of one name and several seeds are one method to a report.</summary>
    public int? Seed { get; init; }

    /// <summary>What the model was told about the test images.</summary>
    public required EvaluationSetting Setting { get; init; }

    /// <summary>How the learned tasks differ, as found in their classes.</summary>
    public required Scenario Scenario { get; init; }

    /// <summary>Whether training was online: one pass over each task.</summary>
    public required bool IsOnline { get; init; }

    /// <summary>Whether training was joint: anew on all tasks so far after each task, which is no continual learning but what it is bounded by.</summary>
    /// <value>The default is false.</value>
    public bool IsJoint { get; init; }

    /// <summary>Accuracies in [0, 1]: the row after each task.</summary>
    public required AccuracyMatrix Matrix { get; init; }

    /// <summary>All evaluations: [j][i] is task i after task j.</summary>
    public required IReadOnlyList<IReadOnlyList<TaskEvaluation>> Evaluations { get; init; }

    /// <summary>The time that the <c>Fit</c> at each task took, evaluation not counted; in joint training that on all tasks so far.</summary>
    public required IReadOnlyList<TimeSpan> TrainingTimes { get; init; }

    /// <summary>The most host memory that the process held at a time during the run, in bytes, device memory not counted; null where it is not known.</summary>
    /// <remarks>Where the system cannot start the count anew (Linux can), it is the largest since the process began.</remarks>
    public long? PeakMemory { get; init; }

    /// <summary>The labels of the classes in each task's training rows, in the order in which the model met them; empty where they are not known.</summary>
    public IReadOnlyList<IReadOnlyList<string>> TaskClasses { get; init; } = [];

    /// <summary>What the constraint measured after each task from the second on; empty without a constraint that measures.</summary>
    public required IReadOnlyList<InterferenceAudit> Audits { get; init; }

    /// <summary>How the numbers came about: method, options, protocol, seed, device, library versions; in the order to print.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Configuration { get; init; }

    /// <summary>The names of the tasks in the order learned.</summary>
    public IReadOnlyList<string> TaskNames => Evaluations.Count == 0 ? [] : [.. Evaluations[^1].Select(e => e.TaskName)];

    /// <summary>The run's name and its measures in percent, on one line.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Name}: average accuracy {100 * Matrix.AverageAccuracy:0.0} %, forgetting {100 * Matrix.Forgetting:0.0} points, after {Matrix.TaskCount} tasks ({string.Join(", ", Summary)})");

    /// <summary>Scenario, setting and training in a few words each, such as <c>class-incremental</c>, <c>evaluated task-incrementally</c>, <c>online</c>, <c>joint</c>.</summary>
    internal IReadOnlyList<string> Summary => [.. new[]
    {
        Scenario.Describe().Split(':')[0],
        Setting switch
        {
            EvaluationSetting.TaskIncremental => "evaluated task-incrementally",
            EvaluationSetting.BatchMaximumTask => "evaluated with the batch's largest task",
            _ => null,
        },
        IsOnline ? "online" : null,
        IsJoint ? "joint" : null,
    }.OfType<string>()];
}
