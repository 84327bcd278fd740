using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Takes a trainer through a sequence: learn a task, evaluate all tasks so far, go on.</summary>
internal static class SequenceRunner
{
    /// <exception cref="ArgumentException">The sequence is empty, or a task has no test view.</exception>
    public static SequenceResult Run(ContinualTrainer trainer, IEnumerable<ContinualTask> tasks, RunOptions options, CancellationToken cancellationToken)
    {
        var matrix = new AccuracyMatrix { ForgettingMaxIncludesCurrent = options.ForgettingMaxIncludesCurrent };
        List<ContinualTask> seen = [];
        PeakMemory.Restart();
        RunRecord record = Begin(trainer, options);
        foreach (IReadOnlyList<TaskEvaluation> row in record.Evaluations) matrix.AddRow([.. row.Select(e => e.Accuracy)]);
        int resumed = record.Evaluations.Count;
        foreach (ContinualTask task in tasks)
        {
            if (task.Test is null) throw new ArgumentException($"Task '{task.Name}' has no test view: a run evaluates after each task.", nameof(tasks));
            seen.Add(task);
            if (options.StatePath is not null && seen.Count <= trainer.TasksSeen) RequireSame(trainer, seen, options.StatePath);
            if (seen.Count <= resumed)
            {
                options.Tasks?.Report(new TaskReport(seen.Count - 1, record.Evaluations[seen.Count - 1], record.Times[seen.Count - 1]));
                continue;
            }
            var watch = Stopwatch.StartNew();
            // A state that was kept after a Fit and before its evaluation has the model already.
            bool known = options.StatePath is not null && seen.Count <= trainer.TasksSeen;
            using ContinualTransformer model = known ? trainer.GetModel() : trainer.Fit(task, options.Training, cancellationToken);
            record.Times.Add(known ? TimeSpan.Zero : watch.Elapsed);
            if (trainer.LastAudit is { } audit) record.Audits.Add(audit);
            TaskEvaluation[] row = Evaluate(model, seen, options.Setting, cancellationToken);
            record.Evaluations.Add(row);
            matrix.AddRow([.. row.Select(e => e.Accuracy)]);
            Keep(trainer, record, options);
            options.Tasks?.Report(new TaskReport(seen.Count - 1, row, record.Times[^1]));
        }
        if (seen.Count == 0) throw new ArgumentException("The sequence has no tasks.", nameof(tasks));
        TrainerState learned = trainer.State!;
        IReadOnlyList<string> labels = learned.Classes.Names;
        string method = learned.ConstraintName is null ? learned.MethodName : $"{learned.MethodName} + {learned.ConstraintName}";
        return new SequenceResult
        {
            Name = options.Name ?? method,
            Seed = trainer.Seed,
            Setting = options.Setting,
            Scenario = learned.Tasks.FindScenario(),
            IsOnline = trainer.Options.Epochs == 1,
            Matrix = matrix,
            Evaluations = record.Evaluations,
            TrainingTimes = record.Times,
            PeakMemory = PeakMemory.Read(),
            TaskClasses = [.. learned.Tasks.Select(task => (IReadOnlyList<string>)[.. task.Classes.Select(c => labels[c])])],
            Audits = record.Audits,
            Configuration = [.. Configuration(trainer, method, options)],
        };
    }

    /// <summary>Takes up a run that was kept, if there is one, and has the trainer keep it.</summary>
    private static RunRecord Begin(ContinualTrainer trainer, RunOptions options)
    {
        if (options.StatePath is not { } path) return new RunRecord();
        if (File.Exists(path) || File.Exists(AtomicFile.PreviousOf(path))) trainer.LoadState(path);
        else if (trainer.TasksSeen > 0)
            throw new ArgumentException($"The trainer has learned {trainer.TasksSeen} tasks, which the run that '{path}' is to keep would not know; a run that is kept begins with a trainer that has learned nothing.", nameof(trainer));
        trainer.KeepState(path, options.StateEverySteps, options.StateInterval);
        RunRecord record = trainer.TasksSeen == 0 ? new RunRecord() : RunRecord.Read(trainer.RunRecord, path, options.Setting);
        if (trainer.TasksSeen - record.Evaluations.Count is not (0 or 1))
            throw new InvalidDataException($"'{path}': the state has {trainer.TasksSeen} tasks and the evaluations after {record.Evaluations.Count}.");
        trainer.RunRecord = record.ToJson();
        return record;
    }

    private static void Keep(ContinualTrainer trainer, RunRecord record, RunOptions options)
    {
        if (options.StatePath is not { } path) return;
        trainer.RunRecord = record.ToJson();
        record.WriteTimes(path);
        trainer.SaveState(path);
    }

    /// <summary>The tasks must be those that were learned.</summary>
    private static void RequireSame(ContinualTrainer trainer, List<ContinualTask> seen, string path)
    {
        string expected = trainer.Tasks[seen.Count - 1].Name, found = seen[^1].Name;
        if (expected != found) throw new InvalidDataException($"'{path}': task {seen.Count} of the run that was kept is '{expected}'; the sequence has '{found}'.");
    }

    /// <summary>Evaluates all tasks so far. Where tasks share a test view, as those of a stream do, and nothing else tells them apart, it is scored once.</summary>
    private static TaskEvaluation[] Evaluate(ContinualTransformer model, List<ContinualTask> tasks, EvaluationSetting setting, CancellationToken cancellationToken)
    {
        var known = new Dictionary<IDataView, TaskEvaluation>(ReferenceEqualityComparer.Instance);
        return [.. tasks.Select(task =>
        {
            if (setting == EvaluationSetting.ClassIncremental && known.TryGetValue(task.Test!, out TaskEvaluation? same)) return same with { TaskName = task.Name };
            return known[task.Test!] = TaskEvaluator.Evaluate(model, task, setting, cancellationToken);
        })];
    }

    private static string Describe(MethodOptions options) =>
        (options.Epochs == 1 ? "online: one pass over each task" : string.Create(CultureInfo.InvariantCulture, $"{options.Epochs} passes over each task")) + (options.Shuffle ? ", shuffled" : ", in the order of the rows");

    private static IEnumerable<KeyValuePair<string, string>> Configuration(ContinualTrainer trainer, string method, RunOptions options)
    {
        yield return new("Method", method);
        yield return new("Scenario", trainer.Tasks.FindScenario().Describe());
        yield return new("Setting", options.Setting switch
        {
            EvaluationSetting.ClassIncremental => "class-incremental: all classes seen, no task identity",
            EvaluationSetting.TaskIncremental => "task-incremental: the task's classes only",
            _ => "classes of tasks up to the largest in the batch, which is the image's own: the true task leaks",
        });
        yield return new("Protocol", trainer.Options.Protocol);
        yield return new("Training", Describe(trainer.Options));
        yield return new("Forgetting", options.ForgettingMaxIncludesCurrent ? "best accuracy so far, the present model included, minus accuracy" : "best accuracy before the present model minus accuracy");
        yield return new("Seed used", trainer.Seed.ToString(CultureInfo.InvariantCulture));
        yield return new("Device", trainer.Options.Backbone!.Device.ToString());
        yield return new("TorchSharp", typeof(TorchSharp.torch).Assembly.GetName().Version?.ToString() ?? "");
        foreach (var line in OptionTable.Describe(trainer.Options).Where(line => line.Key != nameof(MethodOptions.Protocol))) yield return line;
        if (trainer.ConstraintOptions is { } constraint)
            foreach (var line in OptionTable.Describe(constraint, constraint.GetType().Name + ".")) yield return line;
    }
}
