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
        return SequenceRunner.Run(trainer, tasks, options ?? new RunOptions(), cancellationToken);
    }

    /// <summary>Writes runs as one self-contained HTML page.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="title">The page's heading.</param>
    /// <param name="runs">The runs to compare, in the order to show.</param>
    /// <returns>The file's full path.</returns>
    /// <exception cref="ArgumentException">There are no runs, or one of them learned no task.</exception>
    public string WriteReport(string path, string title, params IReadOnlyList<SequenceResult> runs) => ContinualReport.Write(path, title, runs);
}
