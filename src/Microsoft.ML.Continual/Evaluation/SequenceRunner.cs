using System.Diagnostics;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Takes a trainer through a sequence: learn a task, evaluate all tasks so far, go on.</summary>
internal static class SequenceRunner
{
    /// <exception cref="ArgumentException">The sequence is empty, or a task has no test view.</exception>
    public static SequenceResult Run(ContinualTrainer trainer, IEnumerable<ContinualTask> tasks, RunOptions options, CancellationToken cancellationToken)
    {
        var matrix = new AccuracyMatrix();
        List<ContinualTask> seen = [];
        List<IReadOnlyList<TaskEvaluation>> evaluations = [];
        List<TimeSpan> times = [];
        List<InterferenceAudit> audits = [];
        foreach (ContinualTask task in tasks)
        {
            if (task.Test is null) throw new ArgumentException($"Task '{task.Name}' has no test view: a run evaluates after each task.", nameof(tasks));
            var watch = Stopwatch.StartNew();
            using ContinualTransformer model = trainer.Fit(task, options.Training, cancellationToken);
            times.Add(watch.Elapsed);
            if (trainer.LastAudit is { } audit) audits.Add(audit);
            seen.Add(task);
            TaskEvaluation[] row = [.. seen.Select(t => TaskEvaluator.Evaluate(model, t, options.Setting, cancellationToken))];
            evaluations.Add(row);
            matrix.AddRow([.. row.Select(e => e.Accuracy)]);
            options.Tasks?.Report(new TaskReport(seen.Count - 1, row, times[^1]));
        }
        if (seen.Count == 0) throw new ArgumentException("The sequence has no tasks.", nameof(tasks));
        TrainerState learned = trainer.State!;
        string method = learned.ConstraintName is null ? learned.MethodName : $"{learned.MethodName} + {learned.ConstraintName}";
        return new SequenceResult
        {
            Name = options.Name ?? method,
            Setting = options.Setting,
            Matrix = matrix,
            Evaluations = evaluations,
            TrainingTimes = times,
            Audits = audits,
            Configuration = [.. Configuration(trainer, method, options.Setting)],
        };
    }

    private static IEnumerable<KeyValuePair<string, string>> Configuration(ContinualTrainer trainer, string method, EvaluationSetting setting)
    {
        yield return new("Method", method);
        yield return new("Setting", setting == EvaluationSetting.ClassIncremental ? "class-incremental: all classes seen, no task identity" : "task-incremental: the task's classes only");
        yield return new("Seed used", trainer.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
        yield return new("Device", trainer.Options.Backbone!.Device.ToString());
        yield return new("TorchSharp", typeof(TorchSharp.torch).Assembly.GetName().Version?.ToString() ?? "");
        foreach (var line in OptionTable.Describe(trainer.Options)) yield return line;
        if (trainer.ConstraintOptions is { } constraint)
            foreach (var line in OptionTable.Describe(constraint, constraint.GetType().Name + ".")) yield return line;
    }
}
