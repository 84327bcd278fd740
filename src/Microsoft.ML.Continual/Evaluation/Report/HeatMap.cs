using System.Text;
using static Microsoft.ML.Continual.Evaluation.Report.ReportText;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>An accuracy matrix as inline SVG: a row after each task, a column for each task, the percentage in each cell.</summary>
internal static class HeatMap
{
    public static string Draw(AccuracyMatrix matrix, IReadOnlyList<string> taskNames, string label)
    {
        int tasks = matrix.TaskCount;
        const double left = 58, top = 26;
        double cell = tasks <= 12 ? 34 : Math.Max(18, 408.0 / tasks);
        double width = left + tasks * cell + 4, height = top + tasks * cell + 4;
        bool write = cell >= 26;   // smaller cells show their number on hover only

        var svg = new StringBuilder();
        svg.Append($"<svg viewBox=\"0 0 {Coordinate(width)} {Coordinate(height)}\" width=\"{Coordinate(width)}\" role=\"img\" aria-label=\"{Encode(label)}\">");
        for (int task = 0; task < tasks; task++)
        {
            double middle = left + (task + 0.5) * cell;
            svg.Append($"<text class=\"soft\" x=\"{Coordinate(middle)}\" y=\"{Coordinate(top - 8)}\" text-anchor=\"middle\">{task + 1}<title>{Encode(taskNames[task])}</title></text>");
        }
        for (int after = 0; after < tasks; after++)
        {
            double y = top + after * cell;
            svg.Append($"<text class=\"soft\" x=\"{Coordinate(left - 8)}\" y=\"{Coordinate(y + cell / 2)}\" text-anchor=\"end\" dominant-baseline=\"middle\">after {after + 1}</text>");
            for (int task = 0; task <= after; task++)
            {
                double accuracy = matrix[after, task];
                string x = Coordinate(left + task * cell);
                svg.Append($"<g><title>{Encode(taskNames[task])} after {after + 1} tasks: {Percent(accuracy)} %</title>");
                svg.Append($"<rect x=\"{x}\" y=\"{Coordinate(y)}\" width=\"{Coordinate(cell - 2)}\" height=\"{Coordinate(cell - 2)}\" rx=\"3\" fill=\"{ReportStyle.Heat(accuracy)}\"/>");
                if (write)
                    svg.Append($"<text x=\"{Coordinate(left + (task + 0.5) * cell - 1)}\" y=\"{Coordinate(y + cell / 2)}\" text-anchor=\"middle\" dominant-baseline=\"middle\" style=\"fill:{ReportStyle.HeatInk(accuracy)}\">{100 * accuracy:0}</text>");
                svg.Append("</g>");
            }
        }
        return svg.Append("</svg>").ToString();
    }
}
