namespace Microsoft.ML.Continual.Samples.Sweeps;

/// <summary>One run of a sweep: one method with one seed on one benchmark, as one command that can be given again and again.</summary>
/// <param name="Index">The place in the sweep, 0-based.</param>
/// <param name="Name">What to call it: benchmark, method and seed.</param>
/// <param name="Program">The benchmark's folder in <c>samples</c>.</param>
/// <param name="Arguments">The program's arguments.</param>
/// <param name="Environment">The variables it is run with.</param>
/// <param name="Folder">Its own folder of results.</param>
/// <param name="DoneFile">The run's JSON file: it is there when the cell is done.</param>
public sealed record SweepCell(int Index, string Name, string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string Folder, string DoneFile)
{
    /// <summary>The command for a shell in the repository's root; the same wherever the sweep runs.</summary>
    public string Command
    {
        get
        {
            string[] variables = Environment.Count == 0 ? [] : ["env", .. Environment.Select(pair => Quote($"{pair.Key}={pair.Value}"))];
            return string.Join(' ', [.. variables, "eng/benchmark.sh", Program, .. Arguments.Select(Quote)]);
        }
    }

    private static string Quote(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_./:=,+-".Contains(c, StringComparison.Ordinal))
        ? word : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
