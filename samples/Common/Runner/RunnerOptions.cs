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
    private readonly Option<string[]> _projection = new("--projection") { AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _label = new("--label") { Description = "What tables call the method, for a variant of it; with one --method only. [default: the method's title]" };
    private readonly Option<string?> _seeds = new("--seeds")
    {
        Description = "Run each method once with each of so many seeds: 3 is the seeds 1 to 3; or with each of these: 1,5,9. Runs of one seed share their batches and initial values, so that methods can be compared pair by pair; tables give mean ± deviation. [default: 1]",
    };
    private readonly Option<int?> _seed = new("--seed") { Description = "Run each method once, with this seed, in place of --seeds." };
    private readonly Option<int?> _epochs = new("--epochs") { Description = $"Passes over a task's images. [default: {Usual}]" };
    private readonly Option<int?> _batchSize = new("--batch-size") { Description = $"Images a step. [default: {Usual}]" };
    private readonly Option<double?> _learningRate = new("--learning-rate") { Description = $"The optimiser's learning rate, used as it is whatever the batch size. [default: {Usual}]" };
    private readonly Option<double?> _energy = new("--energy") { Description = "What share of old activations' energy a projection protects, 0 to 1. [default: the preset's own]" };
    private readonly Option<int?> _alignment = new("--alignment")
    {
        Description = "Align the classifier after each task but the first in so many passes over features drawn from statistics of all classes seen; 0 for none. " +
            $"An error for methods whose classifier cannot be aligned. [default: {Usual}]",
    };
    private readonly Option<int> _memory = new("--memory")
    {
        Description = "How many images the methods with a memory (icarl, derpp, bic) remember in all: at least one for every class. A run's protocol states it.",
        DefaultValueFactory = _ => MethodRegistry.RememberedImages,
    };
    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Any other option of the methods, by its name in code: --set Length=10 Blocks=0,1,2 LearnableScale=true. It wins over everything else; every method of the command must have it. " +
            "A name that a method does not have is an error that lists those it has. [default: nothing]",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<bool> _online = new("--online") { Description = "The online setting: one pass over each task, shuffled." };
    private readonly Option<bool> _fixedViews = new("--fixed-views") { Description = "Train on images as prediction sees them instead of random crops: features of the frozen network are then computed once, and steps cost half." };
    private readonly Option<string> _data = new("--data") { Required = true };
    private readonly Option<string> _weights = new("--weights") { Required = true, Description = "A vision transformer, such as vit_base_patch16_224 (safetensors, npz, pt or pth); for methods with CLIP a CLIP, such as ViT-B-16.pt." };
    private readonly Option<string?> _vocabulary = new("--vocabulary") { Description = "CLIP's vocabulary: bpe_simple_vocab_16e6.txt.gz, or merges.txt with vocab.json beside it. [default: the one beside the weights]" };
    private readonly Option<int?> _imageSize = ImageSize("the weights' own");
    private readonly Option<string?> _normalization = Normalization("as the file says, else none; CLIP: its own");
    private readonly Option<int?> _heads = Heads(), _gpu = Gpu();
    private readonly Option<string?> _device = new("--device") { Description = "Where to compute: cpu, cuda or cuda:1, for instance. --gpu 1 says the same. [default: cpu]" };
    private readonly Option<bool> _skipDone = new("--skip-done") { Description = "Leave out runs whose JSON file is in --out already, and report them with the others: how to go on after Ctrl-C." };
    private readonly Option<string?> _state = new("--state") { Description = "Keep each run in this file as it goes on, and go on from it where it exists, also from the middle of a task. With several runs each has its own, named after method and seed. [default: a run that is cut off begins anew]" };
    private readonly Option<int?> _checkpointEvery = new("--checkpoint-every") { Description = "Training steps between states in the middle of a task. Needs --state. [default: after each task only]" };
    private readonly Option<int?> _classes = Classes("all"), _trainPerClass = TrainPerClass("all"), _testPerClass = TestPerClass("all");
    private readonly Option<string> _out = new("--out");

    public RunnerOptions(Benchmark benchmark)
    {
        _benchmark = benchmark;
        _method.Description = $"The methods to run, one or several. [default: all but those with CLIP]\n{string.Join("\n", MethodRegistry.All.Select(method => $"  {method.Name}: {method.Description}"))}";
        _method.AcceptOnlyFromAmong([.. MethodRegistry.All.Select(method => method.Name)]);
        _projection.Description = "Run the methods with these projections in place of their plain selves: none, " + string.Join(", ", Projections.InUse) +
            ". --method l2p --projection none pgp is --method l2p l2p-pgp. [default: as --method says]";
        _projection.AcceptOnlyFromAmong(["none", .. Projections.InUse]);
        _setting.Description = "class: the model chooses among all classes seen; task: it is told the task" +
            (benchmark.Settings.Contains("domain") ? "; domain: equal labels are the same class in all tasks." : ".");
        _setting.DefaultValueFactory = _ => benchmark.Settings[0];
        _setting.AcceptOnlyFromAmong([.. benchmark.Settings]);
        _protocol.AcceptOnlyFromAmong("per-image", "paper");
        _pgp.AcceptOnlyFromAmong(PgpPresets);
        _data.Description = benchmark.DataDescription;
        _out.Description = "The folder for the HTML report and a JSON file for each run.";
        _out.DefaultValueFactory = _ => Path.Combine("artifacts", benchmark.Program);
        foreach ((Option option, string name) in ((Option, string)[])[(_data, "folder"), (_weights, "file"), (_vocabulary, "file"), (_method, "name..."), (_projection, "name..."), (_label, "text"), (_setting, string.Join('|', benchmark.Settings)),
            (_seeds, "count|list"), (_seed, "number"), (_recipe, "name"), (_protocol, "per-image|paper"), (_pgp, string.Join('|', PgpPresets)), (_epochs, "count"), (_batchSize, "count"), (_learningRate, "rate"), (_energy, "share"), (_alignment, "passes"), (_memory, "count"), (_set, "name=value..."),
            (_imageSize, "pixels"), (_normalization, "name"), (_heads, "count"), (_classes, "count"), (_trainPerClass, "count"), (_testPerClass, "count"), (_device, "cpu|cuda:N"), (_gpu, "number"), (_out, "folder"), (_state, "file"), (_checkpointEvery, "steps")])
            option.HelpName = name;
        Command = new RootCommand($"{benchmark.Description}\n\nFor example: {benchmark.Program} --data FOLDER --weights vit.safetensors --method ncm l2p l2p-pgp --seeds 3");
        foreach (Option option in (Option[])[_data, _weights, _vocabulary, _method, _projection, _label, _setting, .. benchmark.Options, _seeds, _seed, _recipe, _protocol, _pgp, _epochs, _batchSize, _learningRate, _energy, _alignment, _memory, _set, _online,
            _fixedViews, _imageSize, _normalization, _heads, _classes, _trainPerClass, _testPerClass, _device, _gpu, _out, _skipDone, _state, _checkpointEvery])
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
            Methods = ChosenMethods(arguments),
            Seeds = arguments.GetValue(_seed) is { } seed ? [seed] : Seeds(arguments.GetValue(_seeds) ?? "1"),
            Setting = arguments.GetRequiredValue(_setting),
            Recipe = RecipeOf(arguments.GetValue(_recipe)),
            PaperProtocol = arguments.GetRequiredValue(_protocol) == "paper",
            Pgp = arguments.GetRequiredValue(_pgp),
            Epochs = arguments.GetValue(_epochs),
            BatchSize = arguments.GetValue(_batchSize),
            LearningRate = arguments.GetValue(_learningRate),
            Energy = arguments.GetValue(_energy),
            Alignment = arguments.GetValue(_alignment),
            Memory = arguments.GetValue(_memory),
            Assignments = [.. (arguments.GetValue(_set) ?? []).Select(OptionAssignment.Parse)],
            Online = arguments.GetValue(_online),
            FixedViews = arguments.GetValue(_fixedViews),
            Data = arguments.GetRequiredValue(_data),
            Limits = new DatasetOptions(arguments.GetValue(_classes), arguments.GetValue(_trainPerClass), arguments.GetValue(_testPerClass)),
            Weights = arguments.GetRequiredValue(_weights),
            Vocabulary = arguments.GetValue(_vocabulary),
            ImageSize = arguments.GetValue(_imageSize),
            Heads = arguments.GetValue(_heads),
            Normalization = NormalizationOf(arguments.GetValue(_normalization)),
            Gpu = GpuOf(arguments.GetValue(_device)) ?? arguments.GetValue(_gpu),
            Out = Path.GetFullPath(arguments.GetRequiredValue(_out)),
            Label = arguments.GetValue(_label),
            SkipDone = arguments.GetValue(_skipDone),
            State = arguments.GetValue(_state) is { } state ? Path.GetFullPath(state) : null,
            CheckpointEvery = arguments.GetValue(_checkpointEvery),
            Given = Given(arguments),
            CommandLine = Join(args.Prepend(_benchmark.Program)),
        };
        Require(settings.Methods.All(method => method.Backbone == settings.Backbone), "--method: expected methods for one kind of weights; found for vision transformers " +
            $"{Names(settings, BackboneKind.VisionTransformer)}, for CLIP {Names(settings, BackboneKind.Clip)}. Run them apart.");
        Require(arguments.GetValue(_seed) is null || arguments.GetValue(_seeds) is null, $"--seed {arguments.GetValue(_seed)}: leave out --seeds {arguments.GetValue(_seeds)}.");
        Require(settings.Label is null || settings.Methods.Count == 1, $"--label: expected one method, found {string.Join(", ", settings.Methods.Select(m => m.Name))}.");
        Require(arguments.GetValue(_device) is not { } device || arguments.GetValue(_gpu) is not { } gpu || GpuOf(device) == gpu, $"--device {arguments.GetValue(_device)} and --gpu {arguments.GetValue(_gpu)} differ: leave one out.");
        Require(settings.Vocabulary is null || settings.Backbone == BackboneKind.Clip, $"--vocabulary is for methods with CLIP ({string.Join(", ", MethodRegistry.Of(BackboneKind.Clip).Select(m => m.Name))}); found {string.Join(", ", settings.Methods.Select(m => m.Name))}.");
        Require(settings.Epochs is null or >= 1, $"--epochs: expected at least 1, found {settings.Epochs}.");
        Require(!settings.Online || settings.Epochs is null or 1, $"--online makes one pass: leave out --epochs {settings.Epochs}.");
        Require(settings.BatchSize is null or >= 1, $"--batch-size: expected at least 1, found {settings.BatchSize}.");
        Require(settings.LearningRate is null or > 0, $"--learning-rate: expected a positive number, found {settings.LearningRate}.");
        Require(settings.CheckpointEvery is null || settings.State is not null, "--checkpoint-every needs --state.");
        Require(settings.CheckpointEvery is null or >= 1, $"--checkpoint-every: expected at least 1, found {settings.CheckpointEvery}.");
        Require(settings.Energy is null or (>= 0 and <= 1), $"--energy: expected 0 to 1, found {settings.Energy}.");
        Require(settings.Alignment is null or >= 0, $"--alignment: expected 0 or more, found {settings.Alignment}.");
        Require(settings.Memory >= 1, $"--memory: expected at least 1, found {settings.Memory}.");
        Require(settings.Assignments.Select(a => a.Name).Distinct().Count() == settings.Assignments.Count, $"--set: expected each option once, found {string.Join(' ', settings.Assignments)}.");
        Require(settings.Limits.ClassCount is null or >= 1, $"--classes: expected at least 1, found {settings.Limits.ClassCount}.");
        Require(settings.Limits.TrainPerClass is null or >= 1, $"--train-per-class: expected at least 1, found {settings.Limits.TrainPerClass}.");
        Require(settings.Limits.TestPerClass is null or >= 1, $"--test-per-class: expected at least 1, found {settings.Limits.TestPerClass}.");
        return settings;
    }

    /// <summary>A command line from its words.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(a => a.Contains(' ', StringComparison.Ordinal) ? $"\"{a}\"" : a));

    private static string Names(RunSettings settings, BackboneKind kind) => string.Join(", ", settings.Methods.Where(method => method.Backbone == kind).Select(method => method.Name));

    private static Recipe? RecipeOf(string? name)
    {
        if (name is null) return null;
        string[] names = Enum.GetNames<Recipe>();
        string known = names.FirstOrDefault(n => n.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"--recipe: expected one of {string.Join(", ", names)}; found '{name}'.");
        return Enum.Parse<Recipe>(known);
    }

    private List<MethodEntry> ChosenMethods(ParseResult arguments)
    {
        string[]? named = arguments.GetValue(_method), projections = arguments.GetValue(_projection);
        IReadOnlyList<MethodEntry> methods = named is { Length: > 0 } ? [.. named.Distinct().Select(MethodRegistry.Find)] : MethodRegistry.Of(BackboneKind.VisionTransformer);
        if (projections is not { Length: > 0 }) return [.. methods];
        Require(named is { Length: > 0 }, "--projection: say with --method which methods to project.");
        return [.. methods.SelectMany(_ => projections.Distinct(), Projections.With).Distinct()];
    }

    /// <summary>The options that decide about the numbers, as they were given. Those with a default stand there in any case.</summary>
    private SortedDictionary<string, string> Given(ParseResult arguments)
    {
        Option[] without = [_method, _projection, _seeds, _seed, _out, _skipDone, _state, _checkpointEvery], paths = [_data, _weights, _vocabulary, .. _benchmark.Options.Where(option => option.HelpName == "file")];
        var given = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [_setting.Name] = arguments.GetRequiredValue(_setting),
            [_protocol.Name] = arguments.GetRequiredValue(_protocol),
            [_pgp.Name] = arguments.GetRequiredValue(_pgp),
        };
        foreach (Option option in Command.Options.Except(without))
        {
            if (arguments.GetResult(option) is not { Implicit: false } result) continue;
            string value = string.Join(' ', result.Tokens.Select(token => token.Value));
            given[option.Name] = value.Length == 0 ? "true" : paths.Contains(option) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(value)) : value;
        }
        return given;
    }

    private static int? GpuOf(string? device)
    {
        if (device is null or "cpu") return null;
        if (device == "cuda") return 0;
        Require(device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device["cuda:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out _), $"--device: expected cpu, cuda or cuda:N, found '{device}'.");
        return int.Parse(device["cuda:".Length..], CultureInfo.InvariantCulture);
    }

    private static int[] Seeds(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        int[] seeds = [.. parts.Select(part => int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seed)
            ? seed : throw new ArgumentException($"--seeds: expected a number of seeds, or whole numbers such as 1,2,3, found '{text}'."))];
        if (seeds.Length == 1)
        {
            Require(seeds[0] is >= 1 and <= 1000, $"--seeds: expected a number of seeds from 1 to 1000, found {text}. One run with a certain seed is --seed {text}.");
            return [.. Enumerable.Range(1, seeds[0])];
        }
        Require(seeds.Distinct().Count() == seeds.Length, $"--seeds: expected different numbers, found '{text}'.");
        return seeds;
    }
}
