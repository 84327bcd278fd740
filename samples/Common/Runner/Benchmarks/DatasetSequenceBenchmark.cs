using System.CommandLine;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Samples.Runner.Benchmarks;

/// <summary>
/// Several data sets, one in each sub-folder, one after another. Their classes differ, whatever the labels are called, unless the setting is <c>domain</c>: then equal labels are
/// the same class.
/// </summary>
public sealed class DatasetSequenceBenchmark : Benchmark
{
    private readonly Option<string[]> _datasets = new("--datasets")
    {
        Description = "The sub-folders to learn, in this order. [default: all, in alphabetical order]",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<string> Settings => ["class", "task", "domain"];

    /// <inheritdoc/>
    public override IReadOnlyList<Option> Options => [_datasets];

    /// <inheritdoc/>
    public override BenchmarkTasks Load(MLContext mlContext, RunSettings settings, ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(arguments);
        if (!Directory.Exists(settings.Data)) throw new DirectoryNotFoundException($"There is no folder '{settings.Data}'.");
        string[] found = [.. Directory.GetDirectories(settings.Data).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.OrdinalIgnoreCase)];
        string[] chosen = arguments.GetValue(_datasets) is { Length: > 0 } named ? named : found;
        if (chosen.Length == 0) throw new InvalidDataException($"'{settings.Data}' has no sub-folder; expected one for each data set.");
        foreach (string name in chosen)
            CommandLineHost.Require(found.Contains(name), $"--datasets: '{settings.Data}' has no sub-folder '{name}'; it has {string.Join(", ", found)}.");
        CommandLineHost.Require(chosen.Distinct().Count() == chosen.Length, "--datasets: expected different names, found one twice.");

        bool sharesClasses = settings.Setting == "domain";
        var tasks = new List<ContinualTask>();
        var descriptions = new List<string>();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in chosen)
        {
            string? prefix = sharesClasses ? null : name + "/";
            ImageDataset data = DatasetFolder.Open(mlContext, Path.Combine(settings.Data, name), settings.Limits, prefix);
            tasks.Add(new ContinualTask(name, data.Train, data.Test, data.Classes));
            descriptions.Add(data.ToString());
            if (prefix is not null)
                foreach (string label in data.Classes) names[label] = label[prefix.Length..];
        }
        return new BenchmarkTasks(string.Join(Environment.NewLine, descriptions), tasks) { ClassNames = names };
    }
}
