using System.CommandLine;
using System.Globalization;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Runner.Methods;
using static Microsoft.ML.Continual.Samples.Runner.CommandLineHost;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>The command line that all benchmarks share.</summary>
internal sealed class RunnerOptions
{
    private const string Usual = "the recipe's, else the method's own";

    /// <summary>What <c>--pgp</c> takes; the first is the default.</summary>
    public static readonly string[] PgpPresets = ["stacked", "paper", "input-only", "reference"];

    private readonly Benchmark _benchmark;
    private readonly Option<string[]> _method = new("--method") { AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _setting = new("--setting");
    private readonly Option<string?> _recipe = new("--recipe")
    {
        Description = $"Start from the settings of a paper's experiment: {string.Join(", ", Enum.GetNames<Recipe>())}. Options below still win; the number of tasks is --tasks. " +
            "ncm, linear-probe and plain are in no paper's recipe and keep their own settings; another method without this experiment is an error. [default: none]",
    };
    private readonly Option<string> _protocol = new("--protocol")
    {
        Description = "per-image: each test image by itself. paper: as the released code, for comparison with published numbers only: L2P and DualPrompt select prompts by vote of a batch, in tests as large " +
            "as in training (DualPrompt with ImageNet-R's recipe: per image); CLIP, where classes are incremental, chooses among the classes up to the largest task in the batch.",
        DefaultValueFactory = _ => "per-image",
    };
    private readonly Option<string> _pgp = new("--pgp")
    {
        Description = "The preset of PGP's projection, in the methods that end in -pgp. reference: the released code, quirks included; DualPrompt then computes as its released code, with and without PGP.",
        DefaultValueFactory = _ => PgpPresets[0],
    };
    private readonly Option<string> _seeds = new("--seeds") { Description = "Run each method once with each of these seeds, such as 1,2,3; tables give mean ± deviation.", DefaultValueFactory = _ => "1" };
    private readonly Option<int?> _epochs = new("--epochs") { Description = $"Passes over a task's images. [default: {Usual}]" };
    private readonly Option<int?> _batchSize = new("--batch-size") { Description = $"Images a step. [default: {Usual}]" };
    private readonly Option<double?> _learningRate = new("--learning-rate") { Description = $"The optimiser's learning rate, used as it is whatever the batch size. [default: {Usual}]" };
    private readonly Option<double?> _energy = new("--energy") { Description = "What share of old activations' energy a projection protects, 0 to 1. [default: the preset's own]" };
    private readonly Option<bool> _online = new("--online") { Description = "The online setting: one pass over each task, shuffled." };
    private readonly Option<bool> _fixedViews = new("--fixed-views") { Description = "Train on images as prediction sees them instead of random crops: features of the frozen network are then computed once, and steps cost half." };
    private readonly Option<string> _data = new("--data") { Required = true };
    private readonly Option<string> _weights = new("--weights") { Required = true, Description = "A vision transformer, such as vit_base_patch16_224 (safetensors, npz, pt or pth); for methods with CLIP a CLIP, such as ViT-B-16.pt." };
    private readonly Option<string?> _vocabulary = new("--vocabulary") { Description = "CLIP's vocabulary: bpe_simple_vocab_16e6.txt.gz, or merges.txt with vocab.json beside it. [default: the one beside the weights]" };
    private readonly Option<int?> _imageSize = ImageSize("the weights' own");
    private readonly Option<string?> _normalization = Normalization("as the file says, else none; CLIP: its own");
    private readonly Option<int?> _heads = Heads(), _gpu = Gpu();
    private readonly Option<int?> _classes = Classes("all"), _trainPerClass = TrainPerClass("all"), _testPerClass = TestPerClass("all");
    private readonly Option<string> _out = new("--out");

    public RunnerOptions(Benchmark benchmark)
    {
        _benchmark = benchmark;
        _method.Description = $"The methods to run, one or several: {string.Join(", ", MethodRegistry.All.Select(method => $"{method.Name} ({method.Description})"))}. [default: all but those with CLIP]";
        _method.AcceptOnlyFromAmong([.. MethodRegistry.All.Select(method => method.Name)]);
        _setting.Description = "class: the model chooses among all classes seen; task: it is told the task" +
            (benchmark.Settings.Contains("domain") ? "; domain: equal labels are the same class in all tasks." : ".");
        _setting.DefaultValueFactory = _ => benchmark.Settings[0];
        _setting.AcceptOnlyFromAmong([.. benchmark.Settings]);
        _protocol.AcceptOnlyFromAmong("per-image", "paper");
        _pgp.AcceptOnlyFromAmong(PgpPresets);
        _data.Description = benchmark.DataDescription;
        _out.Description = "The folder for the HTML report and a JSON file for each run.";
        _out.DefaultValueFactory = _ => Path.Combine("artifacts", benchmark.Program);
        Command = new RootCommand(benchmark.Description);
        foreach (Option option in (Option[])[_data, _weights, _vocabulary, _method, _setting, .. benchmark.Options, _seeds, _recipe, _protocol, _pgp, _epochs, _batchSize, _learningRate, _energy, _online,
            _fixedViews, _imageSize, _normalization, _heads, _classes, _trainPerClass, _testPerClass, _gpu, _out])
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
            Methods = arguments.GetValue(_method) is { Length: > 0 } chosen ? [.. chosen.Distinct().Select(MethodRegistry.Find)] : MethodRegistry.Of(BackboneKind.VisionTransformer),
            Seeds = Seeds(arguments.GetRequiredValue(_seeds)),
            Setting = arguments.GetRequiredValue(_setting),
            Recipe = RecipeOf(arguments.GetValue(_recipe)),
            PaperProtocol = arguments.GetRequiredValue(_protocol) == "paper",
            Pgp = arguments.GetRequiredValue(_pgp),
            Epochs = arguments.GetValue(_epochs),
            BatchSize = arguments.GetValue(_batchSize),
            LearningRate = arguments.GetValue(_learningRate),
            Energy = arguments.GetValue(_energy),
            Online = arguments.GetValue(_online),
            FixedViews = arguments.GetValue(_fixedViews),
            Data = arguments.GetRequiredValue(_data),
            Limits = new DatasetOptions(arguments.GetValue(_classes), arguments.GetValue(_trainPerClass), arguments.GetValue(_testPerClass)),
            Weights = arguments.GetRequiredValue(_weights),
            Vocabulary = arguments.GetValue(_vocabulary),
            ImageSize = arguments.GetValue(_imageSize),
            Heads = arguments.GetValue(_heads),
            Normalization = NormalizationOf(arguments.GetValue(_normalization)),
            Gpu = arguments.GetValue(_gpu),
            Out = Path.GetFullPath(arguments.GetRequiredValue(_out)),
            CommandLine = string.Join(' ', args.Prepend(_benchmark.Program).Select(a => a.Contains(' ', StringComparison.Ordinal) ? $"\"{a}\"" : a)),
        };
        Require(settings.Methods.All(method => method.Backbone == settings.Backbone), "--method: expected methods for one kind of weights; found for vision transformers " +
            $"{Names(settings, BackboneKind.VisionTransformer)}, for CLIP {Names(settings, BackboneKind.Clip)}. Run them apart.");
        Require(settings.Vocabulary is null || settings.Backbone == BackboneKind.Clip, $"--vocabulary is for methods with CLIP ({string.Join(", ", MethodRegistry.Of(BackboneKind.Clip).Select(m => m.Name))}); found {string.Join(", ", settings.Methods.Select(m => m.Name))}.");
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

    private static string Names(RunSettings settings, BackboneKind kind) => string.Join(", ", settings.Methods.Where(method => method.Backbone == kind).Select(method => method.Name));

    private static Recipe? RecipeOf(string? name)
    {
        if (name is null) return null;
        string[] names = Enum.GetNames<Recipe>();
        string known = names.FirstOrDefault(n => n.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"--recipe: expected one of {string.Join(", ", names)}; found '{name}'.");
        return Enum.Parse<Recipe>(known);
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
