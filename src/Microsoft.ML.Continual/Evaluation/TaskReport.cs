namespace Microsoft.ML.Continual.Evaluation;

/// <summary>One learned task of a run.</summary>
/// <param name="TaskIndex">The task, 0-based.</param>
/// <param name="Evaluations">The evaluations of the tasks 0 … <paramref name="TaskIndex"/> with the model after it.</param>
/// <param name="TrainingTime">The time its <c>Fit</c> took.</param>
public sealed record TaskReport(int TaskIndex, IReadOnlyList<TaskEvaluation> Evaluations, TimeSpan TrainingTime);
