using System.CommandLine;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Samples.Runner.Benchmarks;

/// <summary>One data set whose classes are dealt out to tasks.</summary>
public class SplitBenchmark : Benchmark
{
    private readonly Option<int?> _tasks = new("--tasks") { HelpName = "count" };
    private readonly Option<int?> _classOrderSeed = new("--class-order-seed")
    {
        HelpName = "number",
        Description = "Deal the classes out in a random order with this seed, the same for all runs. [default: in the data set's own order, as in the papers]",
    };
    private readonly Option<int?> _numpyOrderSeed = new("--class-order-numpy")
    {
        HelpName = "number",
        Description = "Deal the classes out as NumPy's Generator(PCG64(seed)).shuffle puts their numbers in order: NSP²'s experiments, with 2024, 2025 and 2026. [default: none]",
    };

    /// <summary>The number of tasks where the command line does not say.</summary>
    public required int DefaultTasks { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<Option> Options
    {
        get
        {
            _tasks.Description = $"The number of tasks. [default: {DefaultTasks}]";
            return [_tasks, _classOrderSeed, _numpyOrderSeed];
        }
    }

    /// <inheritdoc/>
    public override BenchmarkTasks Load(MLContext mlContext, RunSettings settings, ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(arguments);
        int count = arguments.GetValue(_tasks) ?? DefaultTasks;
        CommandLineHost.Require(count >= 1, $"--tasks: expected at least 1, found {count}.");
        ImageDataset data = Open(mlContext, settings, arguments);
        CommandLineHost.Require(count <= data.Classes.Count, $"--tasks: expected at most one for each of the {data.Classes.Count} classes, found {count}.");
        ClassOrder order = OrderOf(data.Classes, arguments.GetValue(_classOrderSeed), arguments.GetValue(_numpyOrderSeed));
        return new BenchmarkTasks(data.ToString(), [.. mlContext.Continual().SplitByClass(data.Train, data.Test, count, order: order)]) { ClassNames = data.ClassNames };
    }

    private static ClassOrder OrderOf(IReadOnlyList<string> classes, int? seed, int? numpySeed)
    {
        CommandLineHost.Require(seed is null || numpySeed is null, "--class-order-seed and --class-order-numpy: expected one of them, found both.");
        CommandLineHost.Require(numpySeed is null or >= 0, $"--class-order-numpy: expected 0 or more, found {numpySeed}.");
        if (seed is { } random) return ClassOrder.Shuffled(random);
        return numpySeed is { } numpy ? ClassOrder.Explicit([.. NumpyPermutation.Shuffle(classes.Count, numpy).Select(i => classes[i])]) : ClassOrder.Explicit([.. classes]);
    }

    /// <summary>Opens the data set. Here: whatever layout the folder has.</summary>
    /// <param name="mlContext">Where views are made.</param>
    /// <param name="settings">The common options.</param>
    /// <param name="arguments">Where <see cref="Options"/> are read from.</param>
    protected virtual ImageDataset Open(MLContext mlContext, RunSettings settings, ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return DatasetFolder.Open(mlContext, settings.Data, settings.Limits);
    }
}
