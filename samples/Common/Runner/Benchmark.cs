using System.CommandLine;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>A benchmark is where its tasks come from; all else is <see cref="BenchmarkApp"/>'s.</summary>
public abstract class Benchmark
{
    /// <summary>The program's name, for messages and as the folder of results.</summary>
    public required string Program { get; init; }

    /// <summary>What reports call the benchmark.</summary>
    public required string Title { get; init; }

    /// <summary>What the program does, for <c>--help</c>.</summary>
    public required string Description { get; init; }

    /// <summary>What <c>--data</c> must hold, for <c>--help</c>.</summary>
    public required string DataDescription { get; init; }

    /// <summary>What <c>--setting</c> takes; the first is the default.</summary>
    public virtual IReadOnlyList<string> Settings => ["class", "task"];

    /// <summary>The options that this benchmark adds to the common ones.</summary>
    public virtual IReadOnlyList<Option> Options => [];

    /// <summary>Opens the data. Nothing is decoded before a task is learned.</summary>
    /// <param name="mlContext">Where views are made.</param>
    /// <param name="settings">The common options.</param>
    /// <param name="arguments">Where <see cref="Options"/> are read from.</param>
    /// <exception cref="ArgumentException">An option does not fit the data.</exception>
    /// <exception cref="InvalidDataException">The folder does not hold what the benchmark needs.</exception>
    public abstract BenchmarkTasks Load(MLContext mlContext, RunSettings settings, ParseResult arguments);
}
