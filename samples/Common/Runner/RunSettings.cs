using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Runner.Methods;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>What the runs of a benchmark depend on, whatever the benchmark. Equal settings give equal numbers on the same machine and thread count.</summary>
public sealed record RunSettings
{
    /// <summary>The methods to run, in order.</summary>
    public required IReadOnlyList<MethodEntry> Methods { get; init; }

    /// <summary>Each method is run once with each seed: of initial values, order of the images and views.</summary>
    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>The name of <c>--setting</c>: <c>class</c>, <c>task</c> or <c>domain</c>.</summary>
    public required string Setting { get; init; }

    /// <summary>The paper's experiment that methods take their settings from; null leaves each its own.</summary>
    public required Recipe? Recipe { get; init; }

    /// <summary>Predict as the papers' released code does, where it lets images of one batch help each other or tells the model about their task.</summary>
    public required bool PaperProtocol { get; init; }

    /// <summary>The name of PGP's preset: <c>stacked</c>, <c>paper</c>, <c>input-only</c> or <c>reference</c>.</summary>
    public required string Pgp { get; init; }

    /// <summary>Passes over a task's images; null takes the method's own.</summary>
    public required int? Epochs { get; init; }

    /// <summary>Images a step; null takes the method's own.</summary>
    public required int? BatchSize { get; init; }

    /// <summary>The optimiser's learning rate, used as it is; null takes the method's own.</summary>
    public required double? LearningRate { get; init; }

    /// <summary>The share of old activations' energy that projections protect; null takes the projection's own.</summary>
    public required double? Energy { get; init; }

    /// <summary>Passes of alignment of the classifier after each task but the first, 0 for none; null takes the method's own.</summary>
    public required int? Alignment { get; init; }

    /// <summary>How many images methods with a memory remember in all, the same for each, so that they can be compared.</summary>
    public required int Memory { get; init; }

    /// <summary>Options of methods by their names in code, in the order given.</summary>
    public required IReadOnlyList<OptionAssignment> Assignments { get; init; }

    /// <summary>One pass over each task, as the papers' online setting has it.</summary>
    public required bool Online { get; init; }

    /// <summary>Train on the images as prediction sees them, the same in every epoch, instead of random crops.</summary>
    public required bool FixedViews { get; init; }

    /// <summary>The folder of the data.</summary>
    public required string Data { get; init; }

    /// <summary>How much of the data to use.</summary>
    public required DatasetOptions Limits { get; init; }

    /// <summary>The backbone's file.</summary>
    public required string Weights { get; init; }

    /// <summary>CLIP's vocabulary; null looks beside the weights.</summary>
    public required string? Vocabulary { get; init; }

    /// <summary>The size that images are brought to; null takes the file's.</summary>
    public required int? ImageSize { get; init; }

    /// <summary>Attention heads; null takes the file's, else one for every 64 channels.</summary>
    public required int? Heads { get; init; }

    /// <summary>How pixels are normalised; null takes what the file says.</summary>
    public required ImageNormalization? Normalization { get; init; }

    /// <summary>The GPU to use; null is the CPU.</summary>
    public required int? Gpu { get; init; }

    /// <summary>Where the report and the runs' files go.</summary>
    public required string Out { get; init; }

    /// <summary>What tables call the method in place of its own title; null takes that.</summary>
    public required string? Label { get; init; }

    /// <summary>Whether runs whose file is in <see cref="Out"/> are read from there instead of being run again.</summary>
    public required bool SkipDone { get; init; }

    /// <summary>The file that keeps a run, to go on from; null keeps none. See <see cref="StateOf"/>.</summary>
    public required string? State { get; init; }

    /// <summary>Training steps between states in the middle of a task; null for after each task only.</summary>
    public required int? CheckpointEvery { get; init; }

    /// <summary>The options that decide about the numbers, as they were given, by name; methods and seeds left out, of files and folders the last part of the path.</summary>
    public required IReadOnlyDictionary<string, string> Given { get; init; }

    /// <summary>The command line that gave these settings, for the files.</summary>
    public required string CommandLine { get; init; }

    /// <summary>The kind of network that the methods adapt, the same for all.</summary>
    public BackboneKind Backbone => Methods[0].Backbone;

    /// <summary>A run's own state file: the given one for a single run, else with method and seed in its name. Null keeps none.</summary>
    public string? StateOf(MethodEntry method, int seed)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (State is null || Methods.Count == 1 && Seeds.Count == 1) return State;
        return Path.Combine(Path.GetDirectoryName(State)!, $"{Path.GetFileNameWithoutExtension(State)}.{method.Name}-seed{seed}{Path.GetExtension(State)}");
    }

    /// <summary>What a method's model is told about test images.</summary>
    public EvaluationSetting EvaluationOf(MethodEntry method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return Setting == "task" ? EvaluationSetting.TaskIncremental : PaperProtocol ? method.PaperEvaluation : EvaluationSetting.ClassIncremental;
    }
}
