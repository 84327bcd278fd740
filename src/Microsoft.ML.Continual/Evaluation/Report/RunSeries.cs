using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>The runs of one method with several seeds: one line of a report.</summary>
/// <param name="Name">The runs' name.</param>
/// <param name="Index">The place among the series of the report, 0-based; decides the colour.</param>
/// <param name="Runs">The runs; all learned the same number of tasks.</param>
/// <param name="IsNumbered">Whether the report has so many series that narrow columns call them by number.</param>
internal sealed record RunSeries(string Name, int Index, IReadOnlyList<SequenceResult> Runs, bool IsNumbered)
{
    private const int MostNamed = 5;

    /// <summary>The number of tasks learned.</summary>
    public int TaskCount => Runs[0].Matrix.TaskCount;

    /// <summary>Runs of one name with different seeds are one series; a second run with the same seed, or one of another length, is a series of its own.</summary>
    public static IReadOnlyList<RunSeries> Of(IReadOnlyList<SequenceResult> runs)
    {
        var groups = new List<List<SequenceResult>>();
        foreach (SequenceResult run in runs)
        {
            List<SequenceResult>? group = groups.Find(g => run.Seed is not null && g[0].Name == run.Name && g[0].IsJoint == run.IsJoint && g[0].Matrix.TaskCount == run.Matrix.TaskCount && g.TrueForAll(other => other.Seed is not null && other.Seed != run.Seed));
            if (group is null) groups.Add([run]);
            else group.Add(run);
        }
        return [.. groups.Select((group, index) => new RunSeries(group[0].Name, index, group, groups.Count > MostNamed))];
    }

    /// <summary>Whether the runs are of joint training.</summary>
    public bool IsJoint => Runs[0].IsJoint;

    /// <summary>The measure over the runs.</summary>
    public SampleSummary Summarize(Func<SequenceResult, double> measure) => SampleSummary.Of([.. Runs.Select(measure)]);

    /// <summary>The measure after each task, over the runs.</summary>
    public IReadOnlyList<SampleSummary> Curve(Func<AccuracyMatrix, int, double> measure) => [.. Enumerable.Range(0, TaskCount).Select(after => Summarize(run => measure(run.Matrix, after)))];

    /// <summary>The mean over the runs of the accuracy on a task after a task.</summary>
    public double MeanAccuracy(int after, int task) => Runs.Average(run => run.Matrix[after, task]);

    /// <summary>Colour, number and name, for a cell with room.</summary>
    public string Label => Key + (IsNumbered ? $"{Index + 1}. " : "") + Encode(Name);

    /// <summary>Colour and name, or colour and number where there are many, for the head of a column.</summary>
    public string Head => IsNumbered ? $"<span title=\"{Encode(Name)}\">{Key}{Index + 1}</span>" : Key + Encode(Name);

    /// <summary>The seeds, for a person; empty where there is one run.</summary>
    public string Seeds => Runs.Count == 1 ? "" : ", seeds " + string.Join(", ", Runs.Select(run => run.Seed));

    private string Key => $"<span class=\"key\" style=\"background:{ReportStyle.RunColor(Index)}\"></span>";
}
