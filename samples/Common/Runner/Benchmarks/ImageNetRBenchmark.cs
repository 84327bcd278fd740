using System.CommandLine;
using Microsoft.ML.Continual.Samples.Datasets;

namespace Microsoft.ML.Continual.Samples.Runner.Benchmarks;

/// <summary>ImageNet-R, whose archive has no split: one is drawn by a seed or taken from lists.</summary>
public sealed class ImageNetRBenchmark : SplitBenchmark
{
    private readonly SplitLists _lists = new();
    private readonly Option<int> _splitSeed = new("--split-seed")
    {
        HelpName = "number",
        Description = "The seed of the split into four fifths for training and one for the test, drawn as PGP's code draws it; the same for all runs.",
        DefaultValueFactory = _ => 42,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<Option> Options => [.. base.Options, _splitSeed, .. _lists.Options];

    /// <inheritdoc/>
    protected override ImageDataset Open(MLContext mlContext, RunSettings settings, ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(arguments);
        int seed = arguments.GetValue(_splitSeed);
        CommandLineHost.Require(seed >= 0, $"--split-seed: expected 0 or more, found {seed}.");
        return DatasetFolder.OpenImageNetR(mlContext, settings.Data, seed, _lists.Read(arguments), settings.Limits);
    }
}
