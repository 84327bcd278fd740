using System.Text;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>An accuracy matrix as inline SVG: a row after each task, a column for each task, the percentage in each cell.</summary>
internal static class HeatMap
{
    private const double Left = 58, Top = 26, SmallestCell = 20;

    /// <summary>The drawing's width in pixels.</summary>
    public static double Width(int tasks) => Left + tasks * Cell(tasks) + 4;

    /// <param name="tasks">The number of tasks learned.</param>
    /// <param name="accuracy">The accuracy, a fraction, after a task (0-based) on a task.</param>
    /// <param name="taskNames">The tasks' names.</param>
    /// <param name="label">What a screen reader says.</param>
    public static string Draw(int tasks, Func<int, int, double> accuracy, IReadOnlyList<string> taskNames, string label)
    {
        double cell = Cell(tasks), width = Width(tasks), height = Top + tasks * cell + 4;
        string size = cell >= 26 ? "" : ";font-size:9px";

        var svg = new StringBuilder();
        svg.Append($"<svg viewBox=\"0 0 {Coordinate(width)} {Coordinate(height)}\" width=\"{Coordinate(width)}\" role=\"img\" aria-label=\"{Encode(label)}\">");
        for (int task = 0; task < tasks; task++)
        {
            double middle = Left + (task + 0.5) * cell;
            svg.Append($"<text class=\"soft\" x=\"{Coordinate(middle)}\" y=\"{Coordinate(Top - 8)}\" text-anchor=\"middle\">{task + 1}<title>{Encode(taskNames[task])}</title></text>");
        }
        for (int after = 0; after < tasks; after++)
        {
            double y = Top + after * cell;
            svg.Append($"<text class=\"soft\" x=\"{Coordinate(Left - 8)}\" y=\"{Coordinate(y + cell / 2)}\" text-anchor=\"end\" dominant-baseline=\"middle\">after {after + 1}</text>");
            for (int task = 0; task <= after; task++)
            {
                double value = accuracy(after, task);
                string x = Coordinate(Left + task * cell);
                svg.Append($"<g><title>{Encode(taskNames[task])} after {after + 1} tasks: {Percent(value)} %</title>");
                svg.Append($"<rect x=\"{x}\" y=\"{Coordinate(y)}\" width=\"{Coordinate(cell - 2)}\" height=\"{Coordinate(cell - 2)}\" rx=\"3\" fill=\"{ReportStyle.Heat(value)}\"/>");
                svg.Append($"<text x=\"{Coordinate(Left + (task + 0.5) * cell - 1)}\" y=\"{Coordinate(y + cell / 2)}\" text-anchor=\"middle\" dominant-baseline=\"middle\" style=\"fill:{ReportStyle.HeatInk(value)}{size}\">{100 * value:0}</text>");
                svg.Append("</g>");
            }
        }
        return svg.Append("</svg>").ToString();
    }

    private static double Cell(int tasks) => tasks <= 12 ? 34 : Math.Max(SmallestCell, 408.0 / tasks);
}
