using System.CommandLine;
using Microsoft.ML.Continual.Samples.Datasets;

namespace Microsoft.ML.Continual.Samples.Runner.Benchmarks;

/// <summary>DomainNet: its classes are dealt out to tasks with the images of all domains, or each domain is a task with all classes.</summary>
public sealed class DomainNetBenchmark : SplitBenchmark
{
    private const string DomainsName = "--domains";

    private readonly SplitLists _lists = new();
    private readonly Option<string[]> _domains = DomainSequence.Option(DomainsName);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Settings => ["class", "task", "domain"];

    /// <inheritdoc/>
    public override IReadOnlyList<Option> Options => [.. base.Options, _domains, .. _lists.Options];

    /// <inheritdoc/>
    public override BenchmarkTasks Load(MLContext mlContext, RunSettings settings, ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(arguments);
        if (settings.Setting != "domain") return base.Load(mlContext, settings, arguments);
        foreach (Option option in base.Options.Concat(_lists.Options))
            CommandLineHost.Require(arguments.GetResult(option) is null, $"{option.Name} is for tasks of classes: with --setting domain, each domain is a task.");
        return DomainSequence.Load(mlContext, settings, DomainsName, arguments.GetValue(_domains), sharesClasses: true);
    }

    /// <inheritdoc/>
    protected override ImageDataset Open(MLContext mlContext, RunSettings settings, ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(arguments);
        string[]? domains = arguments.GetValue(_domains);
        if (_lists.Read(arguments) is { } lists)
        {
            CommandLineHost.Require(domains is not { Length: > 0 }, $"{DomainsName}: leave it out where lists name the images.");
            return DatasetFolder.OpenListed(mlContext, settings.Data, lists.Train, lists.Test, settings.Limits);
        }
        return DatasetFolder.OpenDomains(mlContext, settings.Data, DomainSequence.Choose(settings.Data, DomainsName, domains), settings.Limits);
    }
}
