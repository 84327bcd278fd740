namespace Microsoft.ML.Continual.Samples.Results;

/// <summary>Finds what forbids to set runs side by side, and what must be said beside them.</summary>
internal static class ComparisonCheck
{
    /// <summary>Why the runs cannot stand in one table; empty where they can.</summary>
    public static IReadOnlyList<string> Problems(Comparison comparison)
    {
        IReadOnlyList<StoredRun> runs = comparison.Runs;
        List<string> problems = [];
        void Same(string what, Func<StoredRun, string?> value, IEnumerable<StoredRun>? among = null)
        {
            if (Differs(among ?? runs, value) is { } found) problems.Add($"{what}: {found}");
        }

        Same("the benchmark", run => run.Benchmark);
        Same("what the model is told about test images", run => run.Result.Setting.ToString());
        foreach (string option in (string[])["--setting", "--protocol", "--online"])
            Same(option, run => run.Settings.GetValueOrDefault(option));
        Same("the number of tasks", run => run.Result.Matrix.TaskCount.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Same("training images", run => run.Rows("trainRows"));
        Same("test images", run => run.Rows("testRows"));
        foreach (string fact in (string[])["sha256", "architecture", "imageSize", "normalization", "computeType"])
            Same($"the backbone's {fact}", run => run.Text("backbone", fact));
        Same("the formula of forgetting", run => run.Text("measures", "forgettingMaximumIncludesCurrent"));
        foreach (IGrouping<int, StoredRun> seed in runs.GroupBy(run => run.Seed).OrderBy(group => group.Key))
            Same($"the class order with seed {seed.Key}", run => string.Join(" | ", run.Result.TaskClasses.Select(classes => string.Join(", ", classes))), seed);
        foreach (Comparison.Row method in comparison.Methods)
        {
            foreach (IGrouping<int, StoredRun> twice in method.Runs.GroupBy(run => run.Seed).Where(group => group.Count() > 1))
                problems.Add($"{method.Title} has more than one run with seed {twice.Key}: {string.Join(", ", twice.Select(run => run.Path))}");
            foreach (string option in method.Runs.SelectMany(run => run.Result.Configuration).Select(line => line.Key).Distinct().Where(key => key is not ("Seed" or "Seed used" or "Device" or "Backbone" or "TorchSharp")))
                Same($"{method.Title}'s {option} over its seeds", run => run.Result.Configuration.FirstOrDefault(line => line.Key == option).Value, method.Runs);
        }
        string Seeds(Comparison.Row method) => string.Join(", ", method.Runs.Select(run => run.Seed).Distinct());
        if (comparison.Methods.Select(Seeds).Distinct().Count() > 1)
            problems.Add($"seeds: runs are averaged only where all methods have the same; found {string.Join("; ", comparison.Methods.GroupBy(Seeds).Select(group => $"{group.Key} of {string.Join(", ", group.Select(method => method.Title))}"))}");
        return problems;
    }

    /// <summary>What does not change the accuracies' meaning but must be known: differences of machine and library.</summary>
    public static IReadOnlyList<string> Notes(Comparison comparison)
    {
        List<string> notes = [];
        (string What, string[] Names)[] facts =
        [
            ("device", ["backbone", "device"]), ("threads", ["environment", "threads"]), ("processors", ["environment", "processors"]), ("libraries", ["environment", "libraries"]), ("system", ["environment", "system"]),
        ];
        string[] different = [.. facts.Where(fact => comparison.Runs.Select(run => run.Text(fact.Names)).Distinct().Count() > 1).Select(fact => fact.What)];
        if (different.Length > 0) notes.Add($"Times cannot be compared: the runs differ in {string.Join(", ", different)}.");
        string[] commits = [.. comparison.Runs.Select(run => run.Text("program", "commit") ?? "unknown").Distinct()];
        if (commits.Length > 1) notes.Add($"The runs are of {commits.Length} states of the sources ({string.Join(", ", commits.Select(commit => commit[..Math.Min(9, commit.Length)]).Order(StringComparer.Ordinal))}).");
        return notes;
    }

    private static string? Differs(IEnumerable<StoredRun> runs, Func<StoredRun, string?> value)
    {
        IGrouping<string, StoredRun>[] groups = [.. runs.GroupBy(run => value(run) ?? "not given")];
        return groups.Length < 2 ? null : string.Join("; ", groups.Select(group => $"{Shorten(group.Key)} in {group.First().Path}{(group.Count() > 1 ? $" and {group.Count() - 1} more" : "")}"));
    }

    // A list of 200 classes would hide the sentence; the file has the whole.
    private static string Shorten(string value) => value.Length <= 100 ? value : value[..97] + "…";
}
