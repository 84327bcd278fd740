using System.Globalization;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Training;
using Spectre.Console;

namespace Microsoft.ML.Continual.Samples.Output;

/// <summary>Prints what came of several runs.</summary>
public static class ResultTables
{
    /// <summary>The accuracy matrices, side by side where the terminal is wide enough: row j after task j, column i for the test images of task i.</summary>
    public static void WriteMatrices(IReadOnlyList<SequenceResult> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        IAnsiConsole console = SampleConsole.Instance;
        console.WriteLine();
        console.WriteLine("Accuracy in %: after each task (row), on the test images of each task so far (column)");
        console.Write(new Columns(runs.Select(Matrix)) { Expand = false });
    }

    /// <summary>One line of measures for each run.</summary>
    public static void WriteMeasures(IReadOnlyList<SequenceResult> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("after the last task");
        foreach (string column in (string[])["average accuracy", "forgetting", "backward transfer", "learning accuracy", "training time"])
            table.AddColumn(new TableColumn(column) { Alignment = Justify.Right });
        foreach (SequenceResult run in runs)
        {
            AccuracyMatrix a = run.Matrix;
            table.AddRow(Markup.Escape(run.Name), Percent(a.AverageAccuracy) + " %", Percent(a.Forgetting), Percent(a.BackwardTransfer), Percent(a.LearningAccuracy) + " %",
                         run.TrainingTimes.Sum(t => t.TotalSeconds).ToString("0.0 s", CultureInfo.InvariantCulture));
        }
        SampleConsole.Instance.Write(table);
    }

    /// <summary>How far learning moved what old tasks' activations see of the parameters: the mean and the worst over all steps and old tasks.</summary>
    public static void WriteInterference(IReadOnlyList<SequenceResult> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        SequenceResult[] audited = [.. runs.Where(r => r.Audits.Count > 0)];
        if (audited.Length == 0) return;
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle("Interference: how far each new task moved x·p of the tasks before it") };
        foreach (string column in (string[])["run", "parameter"]) table.AddColumn(column);
        foreach (string column in (string[])["mean change", "worst change", "of what such an update could do"])
            table.AddColumn(new TableColumn(column) { Alignment = Justify.Right });
        foreach (SequenceResult run in audited)
        {
            foreach (IGrouping<string, InterferenceEntry> site in run.Audits.SelectMany(a => a.Entries).GroupBy(e => e.Site))
            {
                table.AddRow(Markup.Escape(run.Name), Markup.Escape(site.Key), Small(site.Average(e => e.RelativeChange)), Small(site.Max(e => e.RelativeChange)),
                             Small(site.Average(e => e.UnconstrainedShare)));
            }
        }
        SampleConsole.Instance.Write(table);
    }

    private static Table Matrix(SequenceResult run)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape(run.Name)) };
        table.AddColumn(new TableColumn("") { Alignment = Justify.Right });
        for (int i = 0; i < run.Matrix.TaskCount; i++)
            table.AddColumn(new TableColumn((i + 1).ToString(CultureInfo.InvariantCulture)) { Alignment = Justify.Right, Padding = new Padding(0, 0), Width = 3 });
        for (int j = 0; j < run.Matrix.TaskCount; j++)
        {
            string[] cells = [(j + 1).ToString(CultureInfo.InvariantCulture), .. run.Matrix.Row(j).Select(a => (100 * a).ToString("0", CultureInfo.InvariantCulture))];
            table.AddRow([.. cells.Concat(Enumerable.Repeat("", run.Matrix.TaskCount + 1 - cells.Length))]);
        }
        return table;
    }

    private static string Percent(double fraction) => (100 * fraction).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Small(double fraction) => fraction is 0 or >= 1e-3 ? (100 * fraction).ToString("0.0 '%'", CultureInfo.InvariantCulture) : fraction.ToString("0.0e+0", CultureInfo.InvariantCulture);
}
