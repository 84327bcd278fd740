using System.CommandLine;
using System.Globalization;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Runner;

namespace Microsoft.ML.Continual.Samples.Results;

/// <summary>Makes tables and pages from stored runs: the program behind <c>eng/compare.sh</c>.</summary>
public static class CompareApp
{
    private const string Program = "compare";

    /// <summary>Reads the runs, checks that they can be compared, and writes the README's tables and a page for each comparison.</summary>
    /// <param name="args">The command line.</param>
    /// <returns>The exit code: 0 done, 1 the runs cannot be compared or (checking) the page is not what they give, 2 wrong arguments or files.</returns>
    public static int Run(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Option<string[]> folders = new("--results")
        {
            Description = "Folders of stored runs. Each folder below one of these is a comparison, with all runs in and below it.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [Path.Combine("docs", "results")],
        };
        Option<string> readme = new("--readme") { Description = "The page whose tables are written, between the lines of comment.", DefaultValueFactory = _ => "README.md" };
        Option<bool> print = new("--print") { Description = "Print the tables, and leave the page alone." };
        Option<string> pages = new("--html") { Description = "The folder for an HTML page for each comparison.", DefaultValueFactory = _ => Path.Combine("artifacts", "comparison") };
        Option<bool> check = new("--check") { Description = "Write nothing; fail where the page's tables are not what the stored runs give." };
        var command = new RootCommand("Compares stored runs: methods side by side, mean ± deviation over seeds, differences seed by seed. Runs that cannot be compared are named, and nothing is written.")
            { folders, readme, print, pages, check };
        return CommandLineHost.Run(command, Program, args, (arguments, _) =>
            Run(arguments.GetRequiredValue(folders), arguments.GetRequiredValue(readme), arguments.GetRequiredValue(pages), arguments.GetValue(check), arguments.GetValue(print)));
    }

    private static int Run(string[] folders, string readme, string pages, bool check, bool print)
    {
        Comparison[] comparisons = [.. folders.SelectMany(Comparison.ReadAll)];
        string[] problems = [.. comparisons.SelectMany(comparison => ComparisonCheck.Problems(comparison).Select(problem => $"{comparison.Folder}: {problem}"))];
        if (problems.Length > 0)
        {
            foreach (string problem in problems) Console.Error.WriteLine($"{Program}: {problem}");
            Console.Error.WriteLine($"{Program}: these runs cannot stand in one table, and nothing is written. A folder below --results is one table: put them into folders of their own.");
            return 1;
        }

        string expected = ReadmeBlock.Write(comparisons, Path.GetDirectoryName(Path.GetFullPath(readme))!);
        if (print)
        {
            Console.Write(expected);
            return 0;
        }
        string page = File.ReadAllText(readme);
        string? found = ReadmeBlock.Read(page, readme);
        if (check)
        {
            if ((found ?? "\n") == expected) return 0;
            Console.Error.WriteLine($"{Program}: the tables in '{readme}' are not what the runs in {string.Join(", ", folders)} give; eng/compare.sh writes them.");
            return 1;
        }
        if (comparisons.Length == 0) Console.WriteLine($"There are no runs in {string.Join(", ", folders)}: no table is made.");
        if (comparisons.Length > 0 || found is not null) File.WriteAllText(readme, ReadmeBlock.Replace(page, readme, expected));
        foreach (Comparison comparison in comparisons)
        {
            string path = ContinualReport.Write(Path.Combine(pages, comparison.Name + ".html"), $"{comparison.Runs[0].Benchmark}: {comparison.Name}", [.. comparison.Runs.Select(run => run.Result)]);
            Console.WriteLine($"{comparison.Name}: {comparison.Methods.Count} methods, {comparison.Runs.Count} runs; {path}");
        }
        return 0;
    }
}
