using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Takes a trainer, or one for each task, through a sequence: learn a task, evaluate all tasks so far, go on.</summary>
internal static class SequenceRunner
{
    /// <exception cref="ArgumentException">The sequence is empty, or a task has no test view.</exception>
    public static SequenceResult Run(SequenceLearner learner, IEnumerable<ContinualTask> tasks, RunOptions options, CancellationToken cancellationToken)
    {
        var matrix = new AccuracyMatrix { ForgettingMaxIncludesCurrent = options.ForgettingMaxIncludesCurrent };
        List<ContinualTask> seen = [];
        PeakMemory.Restart();
        RunRecord record = learner.Begin(options);
        foreach (IReadOnlyList<TaskEvaluation> row in record.Evaluations) matrix.AddRow([.. row.Select(e => e.Accuracy)]);
        int resumed = record.Evaluations.Count;
        foreach (ContinualTask task in tasks)
        {
            if (task.Test is null) throw new ArgumentException($"Task '{task.Name}' has no test view: a run evaluates after each task.", nameof(tasks));
            seen.Add(task);
            // A state that was kept after a Fit and before its evaluation has the model already.
            bool known = learner.Meet(seen, record, options, cancellationToken);
            if (seen.Count <= resumed)
            {
                options.Tasks?.Report(new TaskReport(seen.Count - 1, record.Evaluations[seen.Count - 1], record.Times[seen.Count - 1]));
                continue;
            }
            ContinualTrainer trainer = learner.Trainer;
            var watch = Stopwatch.StartNew();
            using ContinualTransformer model = known ? trainer.GetModel() : trainer.Fit(learner.TaskToLearn(seen), learner.Listener(options, seen.Count - 1), cancellationToken);
            record.Times.Add(known ? TimeSpan.Zero : watch.Elapsed);
            if (trainer.LastAudit is { } audit) record.Audits.Add(audit);
            TaskEvaluation[] row = Evaluate(model, seen, learner, options.Setting, cancellationToken);
            record.Evaluations.Add(row);
            matrix.AddRow([.. row.Select(e => e.Accuracy)]);
            Keep(trainer, record, options);
            options.Tasks?.Report(new TaskReport(seen.Count - 1, row, record.Times[^1]));
        }
        if (seen.Count == 0) throw new ArgumentException("The sequence has no tasks.", nameof(tasks));
        TrainerState learned = learner.Trainer.State!;
        IReadOnlyList<string> labels = learned.Classes.Names;
        string method = learned.ConstraintName is null ? learned.MethodName : $"{learned.MethodName} + {learned.ConstraintName}";
        return new SequenceResult
        {
            Name = options.Name ?? (learner.IsJoint ? $"{method}, joint" : method),
            Seed = learner.Trainer.Seed,
            Setting = options.Setting,
            Scenario = learner.Tasks.FindScenario(),
            IsOnline = learner.Trainer.Options.Epochs == 1,
            IsJoint = learner.IsJoint,
            Matrix = matrix,
            Evaluations = record.Evaluations,
            TrainingTimes = record.Times,
            PeakMemory = PeakMemory.Read(),
            TaskClasses = [.. learner.Tasks.Select(task => (IReadOnlyList<string>)[.. task.Classes.Select(c => labels[c])])],
            Audits = record.Audits,
            Configuration = [.. Configuration(learner, method, options)],
        };
    }

    private static void Keep(ContinualTrainer trainer, RunRecord record, RunOptions options)
    {
        if (options.StatePath is not { } path) return;
        trainer.RunRecord = record.ToJson();
        record.WriteTimes(path);
        trainer.SaveState(path);
    }

    /// <summary>Evaluates all tasks so far. Where tasks share a test view, as those of a stream do, and nothing else tells them apart, it is scored once.</summary>
    private static TaskEvaluation[] Evaluate(ContinualTransformer model, List<ContinualTask> tasks, SequenceLearner learner, EvaluationSetting setting, CancellationToken cancellationToken)
    {
        var known = new Dictionary<IDataView, TaskEvaluation>(ReferenceEqualityComparer.Instance);
        return [.. tasks.Select(task =>
        {
            if (setting == EvaluationSetting.ClassIncremental && known.TryGetValue(task.Test!, out TaskEvaluation? same)) return same with { TaskName = task.Name };
            return known[task.Test!] = TaskEvaluator.Evaluate(model, task, setting, cancellationToken, learner.IsJoint ? learner.Tasks : null);
        })];
    }

    private static string Describe(MethodOptions options, bool isJoint)
    {
        string data = isJoint ? "all tasks so far, anew after each task" : "each task";
        return (options.Epochs == 1 ? $"online: one pass over {data}" : string.Create(CultureInfo.InvariantCulture, $"{options.Epochs} passes over {data}")) + (options.Shuffle ? ", shuffled" : ", in the order of the rows");
    }

    private static IEnumerable<KeyValuePair<string, string>> Configuration(SequenceLearner learner, string method, RunOptions options)
    {
        ContinualTrainer trainer = learner.Trainer;
        yield return new("Method", method);
        yield return new("Scenario", learner.Tasks.FindScenario().Describe());
        yield return new("Setting", options.Setting switch
        {
            EvaluationSetting.ClassIncremental => "class-incremental: all classes seen, no task identity",
            EvaluationSetting.TaskIncremental => "task-incremental: the task's classes only",
            _ => "classes of tasks up to the largest in the batch, which is the image's own: the true task leaks",
        });
        yield return new("Protocol", learner.IsJoint ? $"{trainer.Options.Protocol}; joint: trained anew on all tasks so far after each task" : trainer.Options.Protocol);
        yield return new("Training", Describe(trainer.Options, learner.IsJoint));
        yield return new("Forgetting", options.ForgettingMaxIncludesCurrent ? "best accuracy so far, the present model included, minus accuracy" : "best accuracy before the present model minus accuracy");
        yield return new("Seed used", trainer.Seed.ToString(CultureInfo.InvariantCulture));
        yield return new("Device", trainer.Options.Backbone!.Device.ToString());
        yield return new("TorchSharp", typeof(TorchSharp.torch).Assembly.GetName().Version?.ToString() ?? "");
        foreach (var line in OptionTable.Describe(trainer.Options).Where(line => line.Key != nameof(MethodOptions.Protocol))) yield return line;
        if (trainer.ConstraintOptions is { } constraint)
            foreach (var line in OptionTable.Describe(constraint, constraint.GetType().Name + ".")) yield return line;
    }
}
