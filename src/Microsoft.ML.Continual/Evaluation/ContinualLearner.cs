using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>One trainer that learns task after task. It is the caller's.</summary>
internal sealed class ContinualLearner(ContinualTrainer trainer) : SequenceLearner
{
    /// <inheritdoc/>
    public override ContinualTrainer Trainer => trainer;

    /// <inheritdoc/>
    public override bool IsJoint => false;

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedTask> Tasks => trainer.Tasks;

    /// <inheritdoc/>
    public override RunRecord Begin(RunOptions options)
    {
        if (options.StatePath is not { } path) return new RunRecord();
        if (IsKept(path)) trainer.LoadState(path);
        else if (trainer.TasksSeen > 0)
            throw new ArgumentException($"The trainer has learned {trainer.TasksSeen} tasks, which the run that '{path}' is to keep would not know; a run that is kept begins with a trainer that has learned nothing.", nameof(trainer));
        trainer.KeepState(path, options.StateEverySteps, options.StateInterval);
        // The state of a first task in progress has no evaluations, and need not be of a run.
        RunRecord record = trainer.TasksSeen == 0 && trainer.RunRecord is null ? new RunRecord() : RunRecord.Read(trainer.RunRecord, path, options.Setting, isJoint: false);
        if (trainer.TasksSeen - record.Evaluations.Count is not (0 or 1))
            throw new InvalidDataException($"'{path}': the state has {trainer.TasksSeen} tasks and the evaluations after {record.Evaluations.Count}.");
        trainer.RunRecord = record.ToJson();
        return record;
    }

    /// <inheritdoc/>
    public override bool Meet(IReadOnlyList<ContinualTask> seen, RunRecord record, RunOptions options, CancellationToken cancellationToken)
    {
        // Without a path the trainer's tasks may be of a time before the run.
        if (options.StatePath is not { } path || seen.Count > trainer.TasksSeen) return false;
        RequireSame(trainer.Tasks[seen.Count - 1].Name, seen, path);
        return true;
    }

    /// <inheritdoc/>
    public override ContinualTask TaskToLearn(IReadOnlyList<ContinualTask> seen) => seen[^1];

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
