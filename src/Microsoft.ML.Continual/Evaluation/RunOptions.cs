using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>How <c>continual.Run</c> takes a trainer through a sequence of tasks.</summary>
public sealed class RunOptions
{
    /// <summary>The run's name in reports; null takes the method's and the constraint's names.</summary>
    /// <value>The default is null.</value>
    public string? Name { get; set; }

    /// <summary>What the model is told about the test images.</summary>
    /// <value>The default is <see cref="EvaluationSetting.ClassIncremental"/>.</value>
    public EvaluationSetting Setting { get; set; } = EvaluationSetting.ClassIncremental;

    /// <summary>The released code's variant of forgetting; see <see cref="AccuracyMatrix.ForgettingMaxIncludesCurrent"/>.</summary>
    /// <value>The default is false.</value>
    public bool ForgettingMaxIncludesCurrent { get; set; }

    /// <summary>Hears of training as it goes on.</summary>
    /// <value>The default is null.</value>
    public IProgress<TrainingProgress>? Training { get; set; }

    /// <summary>Hears of each task once it is learned and evaluated.</summary>
    /// <value>The default is null.</value>
    public IProgress<TaskReport>? Tasks { get; set; }
}
