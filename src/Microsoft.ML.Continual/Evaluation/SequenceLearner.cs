using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>What learns the tasks of a run: which trainer, and on which rows.</summary>
internal abstract class SequenceLearner : IDisposable
{
    /// <summary>The trainer of the present task. After <see cref="Begin"/> there is one.</summary>
    public abstract ContinualTrainer Trainer { get; }

    /// <summary>Whether each task is learned anew together with all tasks before it.</summary>
    public abstract bool IsJoint { get; }

    /// <summary>The tasks met so far, by the class indices of the model.</summary>
    public abstract IReadOnlyList<LearnedTask> Tasks { get; }

    /// <summary>Takes up a run that was kept, if there is one, and has the trainer keep it.</summary>
    public abstract RunRecord Begin(RunOptions options);

    /// <summary>Comes to the last of the tasks, whether it is to be learned or was evaluated in the run that was kept.</summary>
    /// <returns>Whether the trainer has learned it: in the run that was kept, which then ended between <c>Fit</c> and evaluation.</returns>
    /// <exception cref="InvalidDataException">It is not the task of the run that was kept.</exception>
    public abstract bool Meet(IReadOnlyList<ContinualTask> seen, RunRecord record, RunOptions options, CancellationToken cancellationToken);

    /// <summary>What the trainer learns at the last of the tasks.</summary>
    public abstract ContinualTask TaskToLearn(IReadOnlyList<ContinualTask> seen);

    /// <summary>Who hears of training at a task; null where nobody does.</summary>
    public virtual IProgress<TrainingProgress>? Listener(RunOptions options, int task) => options.Training;

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Whether there is a state to go on from.</summary>
    protected static bool IsKept(string path) => File.Exists(path) || File.Exists(AtomicFile.PreviousOf(path));

    /// <summary>The task must be that of the run that was kept.</summary>
    protected static void RequireSame(string expected, IReadOnlyList<ContinualTask> seen, string path)
    {
        if (expected != seen[^1].Name) throw new InvalidDataException($"'{path}': task {seen.Count} of the run that was kept is '{expected}'; the sequence has '{seen[^1].Name}'.");
    }
}
