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

    /// <summary>
    /// A file that keeps the run as it goes on: after every task, and where <see cref="StateEverySteps"/> or <see cref="StateInterval"/> say so in the middle of tasks, the trainer's state with all
    /// evaluations so far. Where it exists the run goes on from it, and ends as if it had not been cut off, bit for bit; see <see cref="ContinualTrainer.KeepState"/>.
    /// </summary>
    /// <value>The default is null: nothing is kept.</value>
    public string? StatePath { get; set; }

    /// <summary>Training steps between states in the middle of a task.</summary>
    /// <value>The default is null: not by steps.</value>
    public int? StateEverySteps { get; set; }

    /// <summary>Time between states in the middle of a task.</summary>
    /// <value>The default is null: not by time.</value>
    public TimeSpan? StateInterval { get; set; }
}
