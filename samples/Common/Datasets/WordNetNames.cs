using System.Text.RegularExpressions;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Names of WordNet's classes, from the files that come with ImageNet's descendants: <c>n01443537 goldfish, Carassius auratus</c> on a line, with a tab, spaces or a colon between.</summary>
internal static partial class WordNetNames
{
    /// <summary>Reads a file; lines of another form are passed over, and an absent file names nothing.</summary>
    public static Dictionary<string, string> Read(string path) => !File.Exists(path) ? [] : File.ReadLines(path)
        .Select(line => Line().Match(line)).Where(match => match.Success)
        .GroupBy(match => match.Groups[1].Value, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.First().Groups[2].Value.Split(',')[0].Replace('_', ' ').Trim(), StringComparer.Ordinal);

    /// <summary>"n01443537" becomes "n01443537 goldfish": unique and readable.</summary>
    public static IEnumerable<LabeledImage> Label(IEnumerable<LabeledImage> images, IReadOnlyDictionary<string, string> names) =>
        images.Select(image => names.TryGetValue(image.Label, out string? name) ? image.WithLabel($"{image.Label} {name}") : image);

    /// <summary>The names by label, of images that <see cref="Label"/> has given their labels.</summary>
    public static Dictionary<string, string> ByLabel(IEnumerable<LabeledImage> images) => images.Select(image => image.Label).Distinct()
        .Where(label => label.Contains(' ', StringComparison.Ordinal)).ToDictionary(label => label, label => label.Split(' ', 2)[1], StringComparer.Ordinal);

    [GeneratedRegex(@"^\s*(n\w*\d)\s*[:\t ]\s*(\S.*)$")]
    private static partial Regex Line();
}
