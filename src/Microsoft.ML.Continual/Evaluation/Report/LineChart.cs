using System.Text;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>Lines over the tasks, one a method, each named at its end, as inline SVG: means over the seeds in bands of a deviation. Values are fractions, the axis is in percent.</summary>
internal static class LineChart
{
    private const double Plot = 546, SmallestHeight = 320, Left = 44, Top = 14, Bottom = 38;
    private const double SmallestRight = 190, LetterWidth = 7.5;   // names stand to the right of the plot; a letter of theirs is about so wide
    private const double LabelGap = 15, Leader = 26;
    private const int LongestName = 46;

    /// <param name="series">The methods.</param>
    /// <param name="measure">The value after a task, 0-based.</param>
    /// <param name="firstTask">The first task that has a value, 0-based.</param>
    /// <param name="label">What a screen reader says.</param>
    public static string Draw(IReadOnlyList<RunSeries> series, Func<AccuracyMatrix, int, double> measure, int firstTask, string label)
    {
        SampleSummary[][] lines = [.. series.Select(s => s.Curve(measure).Skip(firstTask).ToArray())];
        string[] names = [.. series.Select(s => (s.IsNumbered ? $"{s.Index + 1}. " : "") + Shorten(s.Name))];
        int tasks = lines.Max(line => line.Length);
        double height = Math.Max(SmallestHeight, Top + Bottom + LabelGap * (series.Count - 1)), plotHeight = height - Top - Bottom;
        double width = Left + Plot + Math.Max(SmallestRight, Leader + 4 + LetterWidth * names.Max(name => name.Length + " 100.0".Length));
        (double least, double most, double step) = Range(lines);
        double X(int task) => Left + Plot * (tasks == 1 ? 0.5 : task / (tasks - 1.0));
        double Y(double value) => Top + plotHeight * (1 - (Math.Clamp(100 * value, least, most) - least) / (most - least));

        var svg = new StringBuilder();
        svg.Append($"<svg viewBox=\"0 0 {Coordinate(width)} {Coordinate(height)}\" width=\"{Coordinate(width)}\" role=\"img\" aria-label=\"{Encode(label)}\">");
        for (double percent = least; percent <= most; percent += step)
        {
            string y = Coordinate(Y(percent / 100));
            svg.Append($"<line class=\"axis\" x1=\"{Coordinate(Left)}\" x2=\"{Coordinate(Left + Plot)}\" y1=\"{y}\" y2=\"{y}\"/>");
            svg.Append($"<text class=\"soft\" x=\"{Coordinate(Left - 6)}\" y=\"{y}\" text-anchor=\"end\" dominant-baseline=\"middle\">{Coordinate(percent)}</text>");
        }
        int every = Math.Max(1, (tasks + 19) / 20);
        for (int task = 0; task < tasks; task += every)
            svg.Append($"<text class=\"soft\" x=\"{Coordinate(X(task))}\" y=\"{Coordinate(height - Bottom + 16)}\" text-anchor=\"middle\">{firstTask + task + 1}</text>");
        svg.Append($"<text class=\"soft\" x=\"{Coordinate(Left + Plot / 2)}\" y=\"{Coordinate(height - 4)}\" text-anchor=\"middle\">tasks learned</text>");

        for (int i = 0; i < series.Count; i++)   // below all lines
        {
            if (series[i].Runs.Count < 2) continue;
            IEnumerable<string> upper = lines[i].Select((v, task) => $"{Coordinate(X(task))},{Coordinate(Y(v.Mean + v.Deviation))}");
            IEnumerable<string> lower = lines[i].Select((v, task) => $"{Coordinate(X(task))},{Coordinate(Y(v.Mean - v.Deviation))}").Reverse();
            svg.Append($"<polygon fill=\"{ReportStyle.RunColor(series[i].Index)}\" fill-opacity=\"0.1\" points=\"{string.Join(' ', upper.Concat(lower))}\"/>");
        }
        double[] labels = SpreadLabels([.. lines.Select(line => Y(line[^1].Mean))], height);
        for (int i = 0; i < series.Count; i++)
        {
            string color = ReportStyle.RunColor(series[i].Index), dash = ReportStyle.RunDash(series[i].Index), name = Encode(series[i].Name);
            string points = string.Join(' ', lines[i].Select((v, task) => $"{Coordinate(X(task))},{Coordinate(Y(v.Mean))}"));
            svg.Append($"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2.2\"{dash} points=\"{points}\"/>");
            for (int task = 0; task < lines[i].Length; task++)
                svg.Append($"<circle cx=\"{Coordinate(X(task))}\" cy=\"{Coordinate(Y(lines[i][task].Mean))}\" r=\"2.6\" fill=\"{color}\"><title>{name}, {firstTask + task + 1} tasks: {Percent(lines[i][task].Mean)} %</title></circle>");
            double end = X(lines[i].Length - 1);
            svg.Append($"<line stroke=\"{color}\" stroke-opacity=\"0.6\" x1=\"{Coordinate(end + 4)}\" y1=\"{Coordinate(Y(lines[i][^1].Mean))}\" x2=\"{Coordinate(end + Leader - 4)}\" y2=\"{Coordinate(labels[i])}\"/>");
            svg.Append($"<text x=\"{Coordinate(end + Leader)}\" y=\"{Coordinate(labels[i])}\" dominant-baseline=\"middle\" style=\"fill:{color};font-weight:600\">{Encode(names[i])} {Percent(lines[i][^1].Mean)}<title>{name}</title></text>");
        }
        return svg.Append("</svg>").ToString();
    }

    /// <summary>An axis in percent that holds all values and their bands and says something about them: as wide as needed, between round numbers.</summary>
    private static (double Least, double Most, double Step) Range(SampleSummary[][] lines)
    {
        double[] values = [.. lines.SelectMany(line => line).SelectMany(v => v.Count < 2 ? [v.Mean] : new[] { v.Mean - v.Deviation, v.Mean + v.Deviation }).Select(v => 100 * v)];
        double least = Math.Max(-100, values.Min()), most = Math.Min(100, values.Max());
        double step = (most - least) switch { <= 8 => 2, <= 20 => 5, <= 60 => 10, _ => 20 };
        least = step * Math.Floor(least / step);
        most = step * Math.Ceiling(most / step);
        return (least, most > least ? most : least + step, step);
    }

    private static string Shorten(string name) => name.Length <= LongestName ? name : name[..(LongestName - 1)] + "…";

    /// <summary>Moves labels apart that would lie on each other, in the order of their heights, inside the chart, which is high enough for all.</summary>
    private static double[] SpreadLabels(double[] heights, double height)
    {
        int[] order = [.. Enumerable.Range(0, heights.Length).OrderBy(i => heights[i])];
        double[] placed = [.. heights];
        for (int k = 1; k < order.Length; k++)
            placed[order[k]] = Math.Max(placed[order[k]], placed[order[k - 1]] + LabelGap);
        double limit = height - Bottom;
        for (int k = order.Length - 1; k >= 0 && placed[order[k]] > limit; k--, limit -= LabelGap)
            placed[order[k]] = limit;
        return placed;
    }
}
