using System.Collections;
using System.Globalization;
using System.Reflection;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Turns an options object into lines for a report: every public property with its value.</summary>
internal static class OptionTable
{
    public static IEnumerable<KeyValuePair<string, string>> Describe(object options, string prefix = "")
    {
        foreach (PropertyInfo property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0))
            yield return new(prefix + property.Name, Text(property.GetValue(options)));
    }

    private static string Text(object? value) => value switch
    {
        null => "none",
        string text => text,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IDictionary pairs when pairs.Count == 0 => "none",
        IDictionary pairs => string.Join(", ", pairs.Keys.Cast<object>().Select(k => $"{Text(k)} = {Text(pairs[k])}")),
        IEnumerable items => string.Join(", ", items.Cast<object?>().Select(Text)),
        _ => value.ToString() ?? "",
    };
}
