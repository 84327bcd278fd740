namespace Microsoft.ML.Continual.Evaluation;

/// <summary>How the tasks of a sequence differ, as found in what was learned. <see cref="EvaluationSetting"/> says what the model is told of it.</summary>
public enum Scenario
{
    /// <summary>There is one task, or none.</summary>
    SingleTask,

    /// <summary>Every task brings classes of its own: none of its classes occurred before.</summary>
    ClassIncremental,

    /// <summary>No task after the first brings a new class: the same classes, in other domains or again.</summary>
    DomainIncremental,

    /// <summary>Some classes come back, and some are new after the first task.</summary>
    Mixed,
}
