using System.CommandLine;
using System.Globalization;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Runner.Methods;
using static Microsoft.ML.Continual.Samples.Runner.CommandLineHost;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>The command line that all benchmarks share.</summary>
internal sealed class RunnerOptions
{
    private const string Usual = "the method's own, as its paper has it";

    private readonly Benchmark _benchmark;
    private readonly Option<string[]> _method = new("--method") { AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _setting = new("--setting");
    private readonly Option<string> _seeds = new("--seeds") { Description = "Run each method once with each of these seeds, such as 1,2,3; tables give mean ± deviation.", DefaultValueFactory = _ => "1" };
    private readonly Option<int?> _epochs = new("--epochs") { Description = $"Passes over a task's images. [default: {Usual}]" };
    private readonly Option<int?> _batchSize = new("--batch-size") { Description = $"Images a step. [default: {Usual}]" };
    private readonly Option<double?> _learningRate = new("--learning-rate") { Description = $"The optimiser's learning rate, used as it is whatever the batch size. [default: {Usual}]" };
    private readonly Option<double?> _energy = new("--energy") { Description = "What share of old activations' energy a projection protects, 0 to 1. [default: the projection's own]" };
    private readonly Option<bool> _online = new("--online") { Description = "The online setting: one pass over each task, shuffled." };
    private readonly Option<bool> _fixedViews = new("--fixed-views") { Description = "Train on images as prediction sees them instead of random crops: features of the frozen network are then computed once, and steps cost half." };
    private readonly Option<string> _data = new("--data") { Required = true };
    private readonly Option<string> _weights = new("--weights") { Required = true, Description = "A vision transformer with timm's tensor names, such as vit_base_patch16_224 (safetensors)." };
    private readonly Option<int?> _imageSize = ImageSize("the weights' own");
    private readonly Option<string?> _normalization = Normalization("as the file says, else none");
    private readonly Option<int?> _heads = Heads(), _gpu = Gpu();
    private readonly Option<int?> _classes = Classes("all"), _trainPerClass = TrainPerClass("all"), _testPerClass = TestPerClass("all");
    private readonly Option<string> _out = new("--out");

    public RunnerOptions(Benchmark benchmark)
    {
        _benchmark = benchmark;
        _method.Description = $"The methods to run, one or several: {string.Join(", ", MethodRegistry.All.Select(method => $"{method.Name} ({method.Description})"))}. [default: all]";
        _method.AcceptOnlyFromAmong([.. MethodRegistry.All.Select(method => method.Name)]);
        _setting.Description = "class: the model chooses among all classes seen; task: it is told the task" +
            (benchmark.Settings.Contains("domain") ? "; domain: equal labels are the same class in all tasks." : ".");
        _setting.DefaultValueFactory = _ => benchmark.Settings[0];
        _setting.AcceptOnlyFromAmong([.. benchmark.Settings]);
        _data.Description = benchmark.DataDescription;
        _out.Description = "The folder for the HTML report and a JSON file for each run.";
        _out.DefaultValueFactory = _ => Path.Combine("artifacts", benchmark.Program);
        Command = new RootCommand(benchmark.Description);
        foreach (Option option in (Option[])[_data, _weights, _method, _setting, .. benchmark.Options, _seeds, _epochs, _batchSize, _learningRate, _energy, _online, _fixedViews,
            _imageSize, _normalization, _heads, _classes, _trainPerClass, _testPerClass, _gpu, _out])
            Command.Options.Add(option);
    }

    /// <summary>The options and their descriptions.</summary>
    public RootCommand Command { get; }

    /// <summary>Checks the arguments.</summary>
    /// <exception cref="ArgumentException">An argument is out of range; the message names it.</exception>
    public RunSettings Read(ParseResult arguments, string[] args)
    {
        var settings = new RunSettings
        {
            Methods = arguments.GetValue(_method) is { Length: > 0 } chosen ? [.. chosen.Distinct().Select(MethodRegistry.Find)] : MethodRegistry.All,
            Seeds = Seeds(arguments.GetRequiredValue(_seeds)),
            Setting = arguments.GetRequiredValue(_setting),
            Epochs = arguments.GetValue(_epochs),
            BatchSize = arguments.GetValue(_batchSize),
            LearningRate = arguments.GetValue(_learningRate),
            Energy = arguments.GetValue(_energy),
            Online = arguments.GetValue(_online),
            FixedViews = arguments.GetValue(_fixedViews),
            Data = arguments.GetRequiredValue(_data),
            Limits = new DatasetOptions(arguments.GetValue(_classes), arguments.GetValue(_trainPerClass), arguments.GetValue(_testPerClass)),
            Weights = arguments.GetRequiredValue(_weights),
            ImageSize = arguments.GetValue(_imageSize),
            Heads = arguments.GetValue(_heads),
            Normalization = NormalizationOf(arguments.GetValue(_normalization)),
            Gpu = arguments.GetValue(_gpu),
            Out = Path.GetFullPath(arguments.GetRequiredValue(_out)),
            CommandLine = string.Join(' ', args.Prepend(_benchmark.Program).Select(a => a.Contains(' ', StringComparison.Ordinal) ? $"\"{a}\"" : a)),
        };
        Require(settings.Epochs is null or >= 1, $"--epochs: expected at least 1, found {settings.Epochs}.");
        Require(!settings.Online || settings.Epochs is null or 1, $"--online makes one pass: leave out --epochs {settings.Epochs}.");
        Require(settings.BatchSize is null or >= 1, $"--batch-size: expected at least 1, found {settings.BatchSize}.");
        Require(settings.LearningRate is null or > 0, $"--learning-rate: expected a positive number, found {settings.LearningRate}.");
        Require(settings.Energy is null or (>= 0 and <= 1), $"--energy: expected 0 to 1, found {settings.Energy}.");
        Require(settings.Limits.ClassCount is null or >= 1, $"--classes: expected at least 1, found {settings.Limits.ClassCount}.");
        Require(settings.Limits.TrainPerClass is null or >= 1, $"--train-per-class: expected at least 1, found {settings.Limits.TrainPerClass}.");
        Require(settings.Limits.TestPerClass is null or >= 1, $"--test-per-class: expected at least 1, found {settings.Limits.TestPerClass}.");
        return settings;
    }

    private static int[] Seeds(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        int[] seeds = [.. parts.Select(part => int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seed)
            ? seed : throw new ArgumentException($"--seeds: expected whole numbers such as 1,2,3, found '{text}'."))];
        Require(seeds.Distinct().Count() == seeds.Length, $"--seeds: expected different numbers, found '{text}'.");
        return seeds;
    }
}
