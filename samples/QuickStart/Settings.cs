using Microsoft.ML.Continual.Backbones;

namespace Microsoft.ML.Continual.Samples.QuickStart;

/// <summary>What a run of the quick start depends on. Equal settings give equal numbers on the same machine and thread count.</summary>
internal sealed record Settings
{
    /// <summary>The seed of images, class order, initial values and batches.</summary>
    public required int Seed { get; init; }

    /// <summary>The number of tasks.</summary>
    public required int Tasks { get; init; }

    /// <summary>Passes over a task's images.</summary>
    public required int Epochs { get; init; }

    /// <summary>Images a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Adam's learning rate of the two L2P runs, used as it is.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Adam's learning rate of the plain run.</summary>
    public required double PlainLearningRate { get; init; }

    /// <summary>The share of old activations' energy that the projection protects.</summary>
    public required double Energy { get; init; }

    /// <summary>The same share for the pool's keys.</summary>
    public required double KeyEnergy { get; init; }

    /// <summary>Training images a class; null takes all there are.</summary>
    public required int? TrainPerClass { get; init; }

    /// <summary>Test images a class; null takes all there are.</summary>
    public required int? TestPerClass { get; init; }

    /// <summary>The number of classes; null takes all there are.</summary>
    public required int? Classes { get; init; }

    /// <summary>Which methods to run, by the names of <see cref="Methods"/>.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>A folder of images, or null for images rendered by code.</summary>
    public required string? Data { get; init; }

    /// <summary>The backbone's file.</summary>
    public required string Weights { get; init; }

    /// <summary>The size that images are brought to; null takes the file's.</summary>
    public required int? ImageSize { get; init; }

    /// <summary>Attention heads; null takes the file's, else one for every 64 channels.</summary>
    public required int? Heads { get; init; }

    /// <summary>How pixels are normalised; null takes what the file says.</summary>
    public required ImageNormalization? Normalization { get; init; }

    /// <summary>The GPU to use; null is the CPU.</summary>
    public required int? Gpu { get; init; }

    /// <summary>The HTML report to write; null writes none.</summary>
    public required string? Report { get; init; }

    /// <summary>The JSON file of accuracies to write; null writes none.</summary>
    public required string? Matrices { get; init; }

    /// <summary>The file that keeps the run, to go on from; null keeps none. See <see cref="FileOf"/>.</summary>
    public required string? State { get; init; }

    /// <summary>Training steps between states in the middle of a task; null for after each task only.</summary>
    public required int? CheckpointEvery { get; init; }

    /// <summary>The file for the last model; null writes none. See <see cref="FileOf"/>.</summary>
    public required string? Save { get; init; }

    /// <summary>A method's own file: the given one for a single method, else with the method's name in it.</summary>
    public string? FileOf(string? path, string method) =>
        path is null || Methods.Count == 1 ? path : Path.Combine(Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}.{method}{Path.GetExtension(path)}");
}
