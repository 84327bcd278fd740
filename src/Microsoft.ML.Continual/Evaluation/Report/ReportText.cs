using System.Globalization;
using System.Net;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>Numbers and texts as the report writes them, whatever the machine's culture.</summary>
internal static class ReportText
{
    public static string Percent(double fraction) => (100 * fraction).ToString("0.0", CultureInfo.InvariantCulture);

    public static string Coordinate(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    public static string Small(double value) => value == 0 ? "0" : value.ToString("0.0e+0", CultureInfo.InvariantCulture);

    public static string Encode(string text) => WebUtility.HtmlEncode(text);
}
