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
    private static readonly string[] AllSettings = ["class", "task", "domain"];

    private Option<string[]>? _datasets;

    /// <summary>The setting where the command line does not say.</summary>
    /// <value>The default is <c>class</c>.</value>
    public string DefaultSetting { get; init; } = AllSettings[0];

    /// <summary>The option that chooses sub-folders.</summary>
    /// <value>The default is <c>--datasets</c>.</value>
    public string ChoiceOption { get; init; } = "--datasets";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Settings => [DefaultSetting, .. AllSettings.Where(setting => setting != DefaultSetting)];

    /// <inheritdoc/>
    public override IReadOnlyList<Option> Options => [Datasets];

    private Option<string[]> Datasets => _datasets ??= DomainSequence.Option(ChoiceOption);

    /// <inheritdoc/>
    public override BenchmarkTasks Load(MLContext mlContext, RunSettings settings, ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return DomainSequence.Load(mlContext, settings, ChoiceOption, arguments.GetValue(Datasets), sharesClasses: settings.Setting == "domain");
    }
}
