using System.CommandLine;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Samples.Runner.Benchmarks;

/// <summary>Makes a task of each sub-folder, in any of the layouts that are known, or of each domain that has lists of its images.</summary>
internal static class DomainSequence
{
    /// <summary>The option that chooses sub-folders.</summary>
    public static Option<string[]> Option(string name) => new(name)
    {
        HelpName = "name...",
        Description = "The sub-folders to learn, in this order. [default: all, in alphabetical order]",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>Opens the sub-folders.</summary>
    /// <param name="mlContext">Where views are made.</param>
    /// <param name="settings">The common options.</param>
    /// <param name="option">The option that chooses, for messages.</param>
    /// <param name="named">What it says; null or empty takes all.</param>
    /// <param name="sharesClasses">Whether equal labels are the same class; else labels get the sub-folder's name in front.</param>
    public static BenchmarkTasks Load(MLContext mlContext, RunSettings settings, string option, string[]? named, bool sharesClasses)
    {
        string[] chosen = Choose(settings.Data, option, named);
        var tasks = new List<ContinualTask>();
        var descriptions = new List<string>();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in chosen)
        {
            string? prefix = sharesClasses ? null : name + "/";
            ImageDataset data = DatasetFolder.OpenDomain(mlContext, settings.Data, name, settings.Limits, prefix);
            tasks.Add(new ContinualTask(name, data.Train, data.Test, data.Classes));
            descriptions.Add(data.ToString());
            foreach (string label in data.Classes)
            {
                if (data.ClassNames.TryGetValue(label, out string? className)) names[label] = className;
                else if (prefix is not null) names[label] = label[prefix.Length..];
            }
        }
        return new BenchmarkTasks(string.Join(Environment.NewLine, descriptions), tasks) { ClassNames = names };
    }

    /// <summary>The chosen sub-folders, in the order that was asked for.</summary>
    /// <exception cref="ArgumentException">One does not exist, or occurs twice.</exception>
    public static string[] Choose(string folder, string option, string[]? named)
    {
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        IReadOnlyList<string> found = DatasetFolder.Domains(folder);
        string[] chosen = named is { Length: > 0 } ? named : [.. found];
        if (chosen.Length == 0) throw new InvalidDataException($"'{folder}' has no sub-folder; expected one for each data set.");
        foreach (string name in chosen)
            CommandLineHost.Require(found.Contains(name), $"{option}: '{folder}' has no sub-folder '{name}'; it has {string.Join(", ", found)}.");
        CommandLineHost.Require(chosen.Distinct().Count() == chosen.Length, $"{option}: expected different names, found one twice.");
        return chosen;
    }
}
