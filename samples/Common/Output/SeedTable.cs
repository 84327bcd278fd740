using System.Globalization;
using Microsoft.ML.Continual.Evaluation;
using Spectre.Console;

namespace Microsoft.ML.Continual.Samples.Output;

/// <summary>The measures of methods that were run with several seeds.</summary>
public static class SeedTable
{
    /// <summary>One line for each method: mean ± deviation over its runs (the deviation of a sample; left out where there is one run).</summary>
    public static void Write(IReadOnlyList<(string Method, IReadOnlyList<SequenceResult> Runs)> methods)
    {
        ArgumentNullException.ThrowIfNull(methods);
        (string Head, Func<SequenceResult, double> Percent)[] measures =
        [
            ("average accuracy", run => 100 * run.Matrix.AverageAccuracy),
            ("forgetting", run => 100 * run.Matrix.Forgetting),
            ("backward transfer", run => 100 * run.Matrix.BackwardTransfer),
            ("learning accuracy", run => 100 * run.Matrix.LearningAccuracy),
            ("incremental mean", run => 100 * run.Matrix.AverageIncrementalAccuracy),
            ("training time, s", run => run.TrainingTimes.Sum(t => t.TotalSeconds)),
        ];
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("after the last task, in %");
        table.AddColumn(new TableColumn("runs") { Alignment = Justify.Right });
        foreach (var measure in measures) table.AddColumn(new TableColumn(measure.Head) { Alignment = Justify.Right });
        foreach ((string method, IReadOnlyList<SequenceResult> runs) in methods)
            table.AddRow([Markup.Escape(method), runs.Count.ToString(CultureInfo.InvariantCulture), .. measures.Select(measure => SampleSummary.Of([.. runs.Select(measure.Percent)]).ToString())]);
        SampleConsole.Instance.Write(table);
    }
}
