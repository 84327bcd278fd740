using System.Text;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>Lines over the tasks, one a run, each named at its end, as inline SVG. Values are fractions, the axis is in percent.</summary>
internal static class LineChart
{
    private const double Plot = 546, Height = 300, Left = 44, Top = 14, Bottom = 38;
    private const double SmallestRight = 170, LetterWidth = 7.5;   // names stand to the right of the plot; a letter of theirs is about so wide

    /// <param name="runs">The runs' names and values: one value a task, task 1 first.</param>
    /// <param name="label">What a screen reader says.</param>
    public static string Draw(IReadOnlyList<(string Name, IReadOnlyList<double> Values)> runs, string label)
    {
        int tasks = runs.Max(r => r.Values.Count);
        double width = Left + Plot + Math.Max(SmallestRight, 10 + LetterWidth * runs.Max(r => r.Name.Length + " 100.0".Length));
        double X(int task) => Left + Plot * (tasks == 1 ? 0.5 : task / (tasks - 1.0));
        double Y(double value) => Top + (Height - Top - Bottom) * (1 - Math.Clamp(value, 0, 1));

        var svg = new StringBuilder();
        svg.Append($"<svg viewBox=\"0 0 {Coordinate(width)} {Coordinate(Height)}\" width=\"{Coordinate(width)}\" role=\"img\" aria-label=\"{Encode(label)}\">");
        for (int percent = 0; percent <= 100; percent += 20)
        {
            string y = Coordinate(Y(percent / 100.0));
            svg.Append($"<line class=\"axis\" x1=\"{Coordinate(Left)}\" x2=\"{Coordinate(Left + Plot)}\" y1=\"{y}\" y2=\"{y}\"/>");
            svg.Append($"<text class=\"soft\" x=\"{Coordinate(Left - 6)}\" y=\"{y}\" text-anchor=\"end\" dominant-baseline=\"middle\">{percent}</text>");
        }
        int step = Math.Max(1, (tasks + 19) / 20);
        for (int task = 0; task < tasks; task += step)
            svg.Append($"<text class=\"soft\" x=\"{Coordinate(X(task))}\" y=\"{Coordinate(Height - Bottom + 16)}\" text-anchor=\"middle\">{task + 1}</text>");
        svg.Append($"<text class=\"soft\" x=\"{Coordinate(Left + Plot / 2)}\" y=\"{Coordinate(Height - 4)}\" text-anchor=\"middle\">tasks learned</text>");

        double[] labels = SpreadLabels([.. runs.Select(r => Y(r.Values[^1]))]);
        for (int run = 0; run < runs.Count; run++)
        {
            (string name, IReadOnlyList<double> values) = runs[run];
            string color = ReportStyle.RunColor(run);
            string points = string.Join(' ', values.Select((v, task) => $"{Coordinate(X(task))},{Coordinate(Y(v))}"));
            svg.Append($"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2.5\" points=\"{points}\"/>");
            for (int task = 0; task < values.Count; task++)
                svg.Append($"<circle cx=\"{Coordinate(X(task))}\" cy=\"{Coordinate(Y(values[task]))}\" r=\"3\" fill=\"{color}\"><title>{Encode(name)}, {task + 1} tasks: {Percent(values[task])} %</title></circle>");
            svg.Append($"<text x=\"{Coordinate(X(values.Count - 1) + 10)}\" y=\"{Coordinate(labels[run])}\" dominant-baseline=\"middle\" style=\"fill:{color};font-weight:600\">{Encode(name)} {Percent(values[^1])}</text>");
        }
        return svg.Append("</svg>").ToString();
    }

    /// <summary>Moves labels apart that would lie on each other: at least 16 units, or less where there are too many, in the order of their heights, inside the chart.</summary>
    private static double[] SpreadLabels(double[] heights)
    {
        double gap = Math.Min(16, (Height - Top - Bottom) / Math.Max(1, heights.Length - 1));
        int[] order = [.. Enumerable.Range(0, heights.Length).OrderBy(i => heights[i])];
        double[] placed = [.. heights];
        for (int k = 1; k < order.Length; k++)
            placed[order[k]] = Math.Max(placed[order[k]], placed[order[k - 1]] + gap);
        double over = order.Length == 0 ? 0 : placed[order[^1]] - (Height - Bottom);
        for (int k = order.Length - 1; k >= 0 && over > 0; k--)
            placed[order[k]] = k == order.Length - 1 ? Height - Bottom : Math.Min(placed[order[k]], placed[order[k + 1]] - gap);
        return placed;
    }
}
