using System.Globalization;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>How one model does on one task's test rows.</summary>
/// <param name="TaskName">The task's name.</param>
/// <param name="Setting">What the model was told about the images.</param>
/// <param name="Rows">The number of test rows.</param>
/// <param name="Accuracy">The fraction of rows whose class has the highest score, in [0, 1]. A class the model has not learned counts as wrong.</param>
/// <param name="TopFiveAccuracy">The fraction of rows whose class is among the five highest scores (all, where there are fewer than five).</param>
/// <param name="LogLoss">The mean of −ln(probability of the right class), natural logarithm, each probability at least 1e-15.</param>
public sealed record TaskEvaluation(string TaskName, EvaluationSetting Setting, int Rows, double Accuracy, double TopFiveAccuracy, double LogLoss)
{
    /// <summary>One line for a person.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{TaskName}: accuracy {100 * Accuracy:0.0} %, top-5 {100 * TopFiveAccuracy:0.0} %, log-loss {LogLoss:0.000}, {Rows} rows, {Protocol}");

    private string Protocol => Setting switch
    {
        EvaluationSetting.ClassIncremental => "class-incremental",
        EvaluationSetting.TaskIncremental => "task-incremental",
        _ => "classes up to the batch's largest task",
    };
}
