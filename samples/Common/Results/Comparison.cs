using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Runner.Methods;

namespace Microsoft.ML.Continual.Samples.Results;

/// <summary>Runs that stand in one table: several methods on one benchmark, each with the same seeds.</summary>
/// <param name="Folder">The folder of the runs; its name is the comparison's.</param>
/// <param name="Methods">The methods in the order of the registry; within each, the runs in the order of their seeds.</param>
public sealed record Comparison(string Folder, IReadOnlyList<Comparison.Row> Methods)
{
    /// <summary>One method.</summary>
    /// <param name="Title">What tables call it.</param>
    /// <param name="Method">What <c>--method</c> calls it.</param>
    /// <param name="Runs">Its runs.</param>
    public sealed record Row(string Title, string Method, IReadOnlyList<StoredRun> Runs)
    {
        /// <summary>The runs as <c>continual.Run</c> gave them.</summary>
        public IReadOnlyList<SequenceResult> Results => [.. Runs.Select(run => run.Result)];

        /// <summary>Whether it is joint training.</summary>
        public bool IsJoint => Runs[0].Result.IsJoint;
    }

    /// <summary>The folder's name.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>All runs, method after method.</summary>
    public IReadOnlyList<StoredRun> Runs => [.. Methods.SelectMany(method => method.Runs)];

    /// <summary>A comparison for each folder below <paramref name="root"/> that has runs in or below it, and one for the runs in the root itself, by name. None where the root does not exist.</summary>
    /// <exception cref="InvalidDataException">A run's file is damaged.</exception>
    public static IReadOnlyList<Comparison> ReadAll(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        if (!Directory.Exists(root)) return [];
        return [.. StoredRun.ReadFolder(root)
            .GroupBy(run => Path.GetRelativePath(root, run.Path).Split(Path.DirectorySeparatorChar) is { Length: > 1 } parts ? Path.Combine(root, parts[0]) : root, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => Of(group.Key, [.. group]))];
    }

    /// <summary>Sorts runs into methods. Runs whose tables' name differs are different methods, such as one with another option.</summary>
    public static Comparison Of(string folder, IReadOnlyList<StoredRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        string[] order = [.. MethodRegistry.All.Select(method => method.Name)];
        return new Comparison(folder, [.. runs.GroupBy(run => (run.Result.Name, run.Method))
            .Select(group => new Row(group.Key.Name, group.Key.Method, [.. group.OrderBy(run => run.Seed).ThenBy(run => run.Path, StringComparer.Ordinal)]))
            .OrderBy(row => Array.IndexOf(order, row.Method) is >= 0 and var place ? place : order.Length).ThenBy(row => row.Method, StringComparer.Ordinal).ThenBy(row => row.Title, StringComparer.Ordinal)]);
    }
}
