using System.Diagnostics;
using System.Globalization;
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
        List<IReadOnlyList<TaskEvaluation>> evaluations = [];
        List<TimeSpan> times = [];
        List<InterferenceAudit> audits = [];
        PeakMemory.Restart();
        foreach (ContinualTask task in tasks)
        {
            if (task.Test is null) throw new ArgumentException($"Task '{task.Name}' has no test view: a run evaluates after each task.", nameof(tasks));
            var watch = Stopwatch.StartNew();
            using ContinualTransformer model = trainer.Fit(task, options.Training, cancellationToken);
            times.Add(watch.Elapsed);
            if (trainer.LastAudit is { } audit) audits.Add(audit);
            seen.Add(task);
            TaskEvaluation[] row = Evaluate(model, seen, options.Setting, cancellationToken);
            evaluations.Add(row);
            matrix.AddRow([.. row.Select(e => e.Accuracy)]);
            options.Tasks?.Report(new TaskReport(seen.Count - 1, row, times[^1]));
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
            Evaluations = evaluations,
            TrainingTimes = times,
            PeakMemory = PeakMemory.Read(),
            TaskClasses = [.. learned.Tasks.Select(task => (IReadOnlyList<string>)[.. task.Classes.Select(c => labels[c])])],
            Audits = audits,
            Configuration = [.. Configuration(trainer, method, options)],
        };
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
