using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

public sealed partial class ContinualCatalog
{
    /// <summary>Scores a task's test rows with a model.</summary>
    /// <param name="model">The model; it may be older or younger than the task.</param>
    /// <param name="task">A task with a test view.</param>
    /// <param name="setting">What the model is told about the images: by default nothing, so that it chooses among all classes it has seen.</param>
    /// <param name="cancellationToken">Ends the evaluation early.</param>
    /// <returns>Accuracies and log-loss; rows of classes that the model has not learned count as wrong.</returns>
    /// <remarks>
    /// In the task-incremental setting the model chooses among the classes that the learned task of the same name had (the last, where several have it), whatever
    /// occurs in the test rows. Where it has learned no task of that name, it chooses among the learned classes that occur in the test rows.
    /// </remarks>
    /// <exception cref="ArgumentException">The task has no test view, or the view has no rows or no label column.</exception>
    public TaskEvaluation Evaluate(
        ContinualTransformer model, ContinualTask task, EvaluationSetting setting = EvaluationSetting.ClassIncremental, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        return TaskEvaluator.Evaluate(model, task, setting, cancellationToken);
    }

    /// <summary>Takes a trainer through a sequence: learns each task, then evaluates all tasks so far.</summary>
    /// <param name="trainer">A trainer; tasks it learned before are not evaluated.</param>
    /// <param name="tasks">The tasks, each with a test view. The sequence is read one task at a time, so it may be a stream.</param>
    /// <param name="options">The run's name, setting and listeners; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the run early; the trainer keeps the tasks it has finished.</param>
    /// <returns>The accuracy matrix with all that belongs to it, for <see cref="ContinualReport"/>.</returns>
    /// <exception cref="ArgumentException">The sequence is empty, or a task has no test view.</exception>
    public SequenceResult Run(ContinualTrainer trainer, IEnumerable<ContinualTask> tasks, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(tasks);
        using var learner = new ContinualLearner(trainer);
        return SequenceRunner.Run(learner, tasks, options ?? new RunOptions(), cancellationToken);
    }

    /// <summary>
    /// Joint training, the upper bound of what a method can reach on a sequence: at each task a new trainer learns the rows of that task and of all before it as one task, shuffled, and all tasks so far are evaluated.
    /// </summary>
    /// <example><code>
    /// SequenceResult learned = continual.Run(continual.FineTuning(options), tasks);
    /// SequenceResult bound = continual.RunJoint(() => continual.FineTuning(options), tasks);
    /// </code></example>
    /// <remarks>
    /// This is no continual learning: old rows are read again at every task, so tasks of a stream cannot be used, and T tasks of one size cost as much training as (T + 1) / 2 passes of a run through them. The
    /// first row of the matrix is that of <see cref="Run"/>. All trainers have the first one's seed. With <see cref="RunOptions.StatePath"/> finished tasks are not trained again, and a task goes on where it was cut off.
    /// </remarks>
    /// <param name="createTrainer">Makes a trainer that has learned nothing, equal at each call; the run disposes it.</param>
    /// <param name="tasks">The tasks, each with a test view, whose rows can be read any number of times.</param>
    /// <param name="options">The run's name, setting and listeners; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the run early.</param>
    /// <returns>The accuracy matrix with all that belongs to it; <see cref="SequenceResult.IsJoint"/> is set.</returns>
    /// <exception cref="ArgumentException">The sequence is empty, a task has no test view or other types of columns than those before; or a trainer is null, has learned, differs from the first or does not shuffle.</exception>
    /// <exception cref="InvalidDataException">The state is damaged, or of another run; the message says what was expected and what was found.</exception>
    public SequenceResult RunJoint(Func<ContinualTrainer> createTrainer, IEnumerable<ContinualTask> tasks, RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(createTrainer);
        ArgumentNullException.ThrowIfNull(tasks);
        using var learner = new JointLearner(createTrainer);
        return SequenceRunner.Run(learner, tasks, options ?? new RunOptions(), cancellationToken);
    }

    /// <summary>Writes runs as one self-contained HTML page.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="title">The page's heading.</param>
    /// <param name="runs">The runs to compare, in the order to show.</param>
    /// <returns>The file's full path.</returns>
    /// <exception cref="ArgumentException">There are no runs, or one of them learned no task.</exception>
    public string WriteReport(string path, string title, params IReadOnlyList<SequenceResult> runs) => ContinualReport.Write(path, title, runs);
}
