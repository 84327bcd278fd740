namespace Microsoft.ML.Continual.Samples.Results;

/// <summary>The part of a page that is made from stored runs: what stands between two lines of comment.</summary>
internal static class ReadmeBlock
{
    public const string Begin = "<!-- comparison: made by eng/compare.sh from the stored runs; edit those -->", End = "<!-- comparison: end -->";

    /// <summary>What stands between the lines; null where the page has neither.</summary>
    /// <exception cref="InvalidDataException">One of the lines is missing, or they stand in the wrong order.</exception>
    public static string? Read(string page, string path) => Find(page, path) is { } range ? page[range] : null;

    /// <summary>The page with another text between the lines.</summary>
    /// <exception cref="InvalidDataException">A line is missing.</exception>
    public static string Replace(string page, string path, string text)
    {
        if (Find(page, path) is not { } range) throw new InvalidDataException($"'{path}' has no place for the comparison: expected the lines\n{Begin}\n{End}");
        return page[..range.Start] + text + page[range.End..];
    }

    /// <summary>What belongs between the lines: a table for each comparison; one line break where there is none.</summary>
    public static string Write(IReadOnlyList<Comparison> comparisons, string linksFrom) =>
        "\n" + string.Concat(comparisons.Select(comparison => "\n" + ComparisonTable.Write(comparison, linksFrom))) + (comparisons.Count > 0 ? "\n" : "");

    private static Range? Find(string page, string path)
    {
        int begin = page.IndexOf(Begin, StringComparison.Ordinal), end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 && end < 0) return null;
        if (begin < 0 || end < begin) throw new InvalidDataException($"'{path}': expected the line {Begin} before the line {End}.");
        return (begin + Begin.Length)..end;
    }
}
