using System.Globalization;
using System.Net;

namespace Microsoft.ML.Continual.Evaluation.Report;

/// <summary>Numbers and texts as the report writes them, whatever the machine's culture.</summary>
internal static class ReportText
{
    public static string Percent(double fraction) => (100 * fraction).ToString("0.0", CultureInfo.InvariantCulture);

    public static string Coordinate(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A fraction that may be ordinary or vanishing: in percent from a tenth of a percent on, else in powers of ten.</summary>
    public static string Share(double fraction) => fraction switch
    {
        0 => "0",
        >= 0.001 => Percent(fraction) + " %",
        _ => fraction.ToString("0.0e+0", CultureInfo.InvariantCulture),
    };

    public static string Encode(string text) => WebUtility.HtmlEncode(text);
}
