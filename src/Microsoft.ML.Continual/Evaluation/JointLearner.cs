using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>A new trainer for each task, which learns it together with all tasks before it. All have the first one's seed.</summary>
/// <remarks>The state file is that of the trainer at work. The record in it says at which task that is: a trainer knows one task only, the joint one.</remarks>
internal sealed class JointLearner(Func<ContinualTrainer> createTrainer) : SequenceLearner
{
    private readonly ClassRegistry _classes = new();   // grows as that of each trainer: rows are joined in the order of the tasks
    private readonly List<LearnedTask> _tasks = [];
    private ContinualTrainer? _trainer;

    /// <inheritdoc/>
    public override ContinualTrainer Trainer => _trainer!;

    /// <inheritdoc/>
    public override bool IsJoint => true;

    /// <inheritdoc/>
    public override IReadOnlyList<LearnedTask> Tasks => _tasks;

    /// <inheritdoc/>
    public override RunRecord Begin(RunOptions options)
    {
        _trainer = Create();
        var record = new RunRecord { JointTask = 0 };
        if (options.StatePath is not { } path) return record;
        if (IsKept(path))
        {
            _trainer.LoadState(path);
            record = RunRecord.Read(_trainer.RunRecord, path, options.Setting, isJoint: true);
            if (record.JointTask - record.Evaluations.Count is not (0 or -1) || record.JointTask < record.Evaluations.Count && _trainer.TasksSeen != 1 || _trainer.TasksSeen > 1)
                throw new InvalidDataException($"'{path}': the state is of the joint training after task {record.JointTask + 1}, with {_trainer.TasksSeen} tasks learned, and has the evaluations after {record.Evaluations.Count}.");
        }
        Keep(record, options);
        return record;
    }

    /// <inheritdoc/>
    public override bool Meet(IReadOnlyList<ContinualTask> seen, RunRecord record, RunOptions options, CancellationToken cancellationToken)
    {
        int task = seen.Count - 1;
        if (task < record.Evaluations.Count) RequireSame(record.Evaluations[task][task].TaskName, seen, options.StatePath!);
        _tasks.Add(new LearnedTask(seen[^1].Name, ReadClasses(seen[^1].Train, cancellationToken)));
        if (task < record.Evaluations.Count) return false;
        if (record.JointTask != task)
        {
            ContinualTrainer next = Create();
            next.UseSeed(_trainer!.Seed);
            _trainer.Dispose();
            _trainer = next;
            record.JointTask = task;
            Keep(record, options);
        }
        return _trainer!.TasksSeen == 1;
    }

    /// <inheritdoc/>
    public override ContinualTask TaskToLearn(IReadOnlyList<ContinualTask> seen) => TaskJoin.Join(seen, seen.Count == 1 ? seen[0].Name : $"{seen[0].Name} … {seen[^1].Name}");

    /// <inheritdoc/>
    public override IProgress<TrainingProgress>? Listener(RunOptions options, int task) => options.Training is { } listener ? new Renumbering(listener, task) : null;

    /// <inheritdoc/>
    public override void Dispose() => _trainer?.Dispose();

    private void Keep(RunRecord record, RunOptions options)
    {
        if (options.StatePath is not { } path) return;
        _trainer!.KeepState(path, options.StateEverySteps, options.StateInterval);
        _trainer.RunRecord = record.ToJson();
    }

    private ContinualTrainer Create()
    {
        ContinualTrainer trainer = createTrainer() ?? throw new ArgumentException("Expected a trainer at each call, found null.", nameof(createTrainer));
        if (ReferenceEquals(trainer, _trainer) || trainer.TasksSeen > 0 || trainer.TaskInProgress is not null)
            throw new ArgumentException("Expected a new trainer at each call, for joint training begins anew after each task; found one that has learned.", nameof(createTrainer));
        if (!trainer.Options.Shuffle)
            throw new ArgumentException($"{nameof(trainer.Options.Shuffle)}: expected true, for joint training mixes the images of all tasks; found false.", nameof(createTrainer));
        if (_trainer?.DifferenceFrom(trainer) is { } difference)
            throw new ArgumentException($"Expected trainers that differ in nothing; found {difference}.", nameof(createTrainer));
        return trainer;
    }

    /// <summary>The indices of the classes in a task's rows, ascending. Labels alone are read, no image is decoded.</summary>
    private int[] ReadClasses(IDataView train, CancellationToken cancellationToken)
    {
        LabelColumn labels = LabelColumn.Create(train.Schema, Trainer.Options.LabelColumnName, _classes);
        using DataViewRowCursor cursor = train.GetRowCursor([labels.Column]);
        Func<long, object> read = labels.BindRequired(cursor);
        var found = new SortedSet<int>();
        while (cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.Add(_classes.Add(read(cursor.Position)));
        }
        return [.. found];
    }

    /// <summary>Says which task of the run it is: to its trainer it is the first.</summary>
    private sealed class Renumbering(IProgress<TrainingProgress> listener, int task) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => listener.Report(value with { TaskIndex = task });
    }
}
