using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Training;
using Spectre.Console;

namespace Microsoft.ML.Continual.Samples.Output;

/// <summary>Shows how a run goes on: a progress bar in a terminal, a plain line after each task where the output goes into a file.</summary>
public static class RunWatcher
{
    /// <summary>Runs a piece of work that reports to the listeners it is given.</summary>
    /// <param name="name">What to call the run.</param>
    /// <param name="taskCount">The number of tasks.</param>
    /// <param name="work">Takes options with a name and listeners, and does the run.</param>
    /// <param name="isJoint">Whether each task is learned anew with all before it, so that the tenth takes ten times as long as the first.</param>
    public static SequenceResult Watch(string name, int taskCount, Func<RunOptions, SequenceResult> work, bool isJoint = false)
    {
        ArgumentNullException.ThrowIfNull(work);
        Func<double, double> effort = isJoint ? tasks => tasks * (tasks + 1) / 2 : tasks => tasks;
        return SampleConsole.IsInteractive ? WatchByBar(name, taskCount, effort, work) : WatchByLines(name, taskCount, effort, work);
    }

    private static SequenceResult WatchByLines(string name, int taskCount, Func<double, double> effort, Func<RunOptions, SequenceResult> work)
    {
        var watch = Stopwatch.StartNew();
        return work(new RunOptions
        {
            Name = name,
            Tasks = new Listener<TaskReport>(report => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name}: task {report.TaskIndex + 1} of {taskCount} learned in {report.TrainingTime.TotalSeconds:0.0} s, average accuracy so far {100 * Average(report):0.0} %{Left(watch.Elapsed, effort(report.TaskIndex + 1), effort(taskCount))}"))),
        });
    }

    /// <summary>The time left if the tasks to come take as long as those so far did; they take a little longer, as each is followed by tests of all before it.</summary>
    private static string Left(TimeSpan elapsed, double done, double all)
    {
        TimeSpan left = elapsed * ((all - done) / done);
        return left.TotalSeconds switch
        {
            < 1 => "",
            < 100 => string.Create(CultureInfo.InvariantCulture, $", about {left.TotalSeconds:0} s left"),
            < 6000 => string.Create(CultureInfo.InvariantCulture, $", about {left.TotalMinutes:0} min left"),
            _ => string.Create(CultureInfo.InvariantCulture, $", about {left.TotalHours:0.0} h left"),
        };
    }

    private static SequenceResult WatchByBar(string name, int taskCount, Func<double, double> effort, Func<RunOptions, SequenceResult> work) => SampleConsole.Instance.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .Start(context =>
        {
            ProgressTask bar = context.AddTask(Markup.Escape(name), maxValue: effort(taskCount));
            string accuracy = "";
            return work(new RunOptions
            {
                Name = name,
                Training = new Listener<TrainingProgress>(p =>
                {
                    bar.Description = Markup.Escape($"{name}: task {p.TaskIndex + 1} of {taskCount}, epoch {p.Epoch} of {p.Epochs}{accuracy}");
                    bar.Value = effort(p.TaskIndex + p.Fraction);
                }),
                Tasks = new Listener<TaskReport>(report =>
                {
                    accuracy = string.Create(CultureInfo.InvariantCulture, $", accuracy so far {100 * Average(report):0.0} %");
                    bar.Value = effort(report.TaskIndex + 1);
                    if (report.TaskIndex + 1 == taskCount) bar.Description = Markup.Escape($"{name}: {taskCount} tasks{accuracy}");
                }),
            });
        });

    private static double Average(TaskReport report) => report.Evaluations.Average(e => e.Accuracy);

    /// <summary>Hears reports at once and in order; <see cref="Progress{T}"/> would pass them to other threads.</summary>
    private sealed class Listener<T>(Action<T> hear) : IProgress<T>
    {
        public void Report(T value) => hear(value);
    }
}
