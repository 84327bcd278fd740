using System.CommandLine;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Samples.Runner;
using static Microsoft.ML.Continual.Samples.Runner.CommandLineHost;

namespace Microsoft.ML.Continual.Samples.QuickStart;

/// <summary>Turns arguments into <see cref="Settings"/>. A wrong argument is one line on the error output and exit code 2.</summary>
internal static class CommandLine
{
    private static readonly Option<bool> Small = new("--small") { Description = "The same path with few images and epochs, in less than a minute." };
    private static readonly Option<int> Seed = new("--seed") { Description = "The seed of everything random.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Tasks = new("--tasks") { Description = "The number of tasks.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int?> Epochs = new("--epochs") { Description = "Passes over a task's images. [default: 5; 2 with --small; 3 with --data]" };
    private static readonly Option<int> BatchSize = new("--batch-size") { Description = "Images a step.", DefaultValueFactory = _ => 16 };
    private static readonly Option<double?> LearningRate = new("--learning-rate") { Description = "Adam's learning rate of every method. [default: see the README]" };
    private static readonly Option<double?> Energy = new("--energy") { Description = "What share of old activations' energy PGP protects, 0 to 1. [default: see the README]" };
    private static readonly Option<string[]> Method = new("--method") { Description = "Run these methods only.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string?> Data = new("--data") { Description = "A folder of images in place of the rendered ones: class folders, Tiny-ImageNet, CIFAR binary or idx files." };
    private static readonly Option<string?> Weights = new("--weights") { Description = "A vision transformer with timm's names (safetensors). Needed with --data." };
    private static readonly Option<int?> ImageSize = CommandLineHost.ImageSize("the weights' own; 64 with --data");
    private static readonly Option<string?> Normalization = CommandLineHost.Normalization("as the file says; imagenet with --data");
    private static readonly Option<int?> Heads = CommandLineHost.Heads();
    private static readonly Option<int?> Classes = CommandLineHost.Classes("all");
    private static readonly Option<int?> TrainPerClass = CommandLineHost.TrainPerClass("60; 16 with --small; all with --data");
    private static readonly Option<int?> TestPerClass = CommandLineHost.TestPerClass("20; 8 with --small; all with --data");
    private static readonly Option<int?> Gpu = CommandLineHost.Gpu();
    private static readonly Option<string> Report = new("--report") { Description = "The HTML report to write.", DefaultValueFactory = _ => Path.Combine("artifacts", "quickstart-report.html") };
    private static readonly Option<bool> NoReport = new("--no-report") { Description = "Write no report." };
    private static readonly Option<string?> Matrices = new("--matrices") { Description = "Write the accuracies, every digit of them, to this JSON file." };

    private static readonly Option<string?> State = new("--state") { Description = "Keep the run in this file as it goes on, and go on from it where it exists. With several methods each has its own, named after it." };
    private static readonly Option<int?> CheckpointEvery = new("--checkpoint-every") { Description = "Training steps between states in the middle of a task. Needs --state. [default: after each task only]" };
    private static readonly Option<string?> Save = new("--save") { Description = "Save the model after the last task to this file. With several methods each has its own, named after it." };

    /// <summary>Parses, runs, and turns what can go wrong into exit codes: 0 done, 1 failed, 2 wrong arguments or files, 130 interrupted.</summary>
    public static int Run(string[] args, Func<Settings, CancellationToken, int> learn)
    {
        Method.AcceptOnlyFromAmong([.. Methods.Names.Keys]);
        var command = new RootCommand("A frozen vision transformer learns ten tasks, one after another: plain fine-tuning, L2P, and L2P with gradient projection.")
        {
            Small, Seed, Tasks, Epochs, Method, Report, NoReport, Matrices, State, CheckpointEvery, Save, Data, Weights, ImageSize, Normalization, Heads,
            Classes, TrainPerClass, TestPerClass, BatchSize, LearningRate, Energy, Gpu,
        };
        return CommandLineHost.Run(command, "quickstart", args, (arguments, cancellationToken) => learn(Read(arguments), cancellationToken));
    }

    private static Settings Read(ParseResult arguments)
    {
        bool small = arguments.GetValue(Small);
        string? data = arguments.GetValue(Data), weights = arguments.GetValue(Weights);
        Require(data is null || weights is not null, "--data needs --weights: the shipped backbone knows rendered shapes only.");
        Require(data is not null || weights is null, "--weights needs --data: the rendered images belong to the shipped backbone.");
        Require(data is not null || arguments.GetValue(Classes) is null, "--classes needs --data.");
        double? rate = arguments.GetValue(LearningRate);
        var settings = new Settings
        {
            Seed = arguments.GetValue(Seed),
            Tasks = arguments.GetValue(Tasks),
            Epochs = arguments.GetValue(Epochs) ?? (small ? 2 : data is null ? 5 : 3),
            BatchSize = arguments.GetValue(BatchSize),
            LearningRate = rate ?? Defaults.LearningRate,
            PlainLearningRate = rate ?? Defaults.PlainLearningRate,
            Energy = arguments.GetValue(Energy) ?? Defaults.Energy,
            KeyEnergy = arguments.GetValue(Energy) ?? Defaults.KeyEnergy,
            Classes = arguments.GetValue(Classes),
            TrainPerClass = arguments.GetValue(TrainPerClass) ?? (small ? 16 : null),
            TestPerClass = arguments.GetValue(TestPerClass) ?? (small ? 8 : null),
            Methods = arguments.GetValue(Method) is { Length: > 0 } chosen ? [.. chosen.Distinct()] : [.. Methods.Names.Keys],
            Data = data,
            Weights = weights ?? Path.Combine(AppContext.BaseDirectory, "assets", "shapes_vit.safetensors"),
            ImageSize = arguments.GetValue(ImageSize) ?? (data is null ? null : 64),
            Heads = arguments.GetValue(Heads),
            Normalization = NormalizationOf(arguments.GetValue(Normalization)) ?? (data is null ? null : ImageNormalization.ImageNet),
            Gpu = arguments.GetValue(Gpu),
            Report = arguments.GetValue(NoReport) ? null : arguments.GetRequiredValue(Report),
            Matrices = arguments.GetValue(Matrices),
            State = arguments.GetValue(State),
            CheckpointEvery = arguments.GetValue(CheckpointEvery),
            Save = arguments.GetValue(Save),
        };
        Require(settings.Tasks >= 1, $"--tasks: expected at least 1, found {settings.Tasks}.");
        Require(settings.Epochs >= 1, $"--epochs: expected at least 1, found {settings.Epochs}.");
        Require(settings.BatchSize >= 1, $"--batch-size: expected at least 1, found {settings.BatchSize}.");
        Require(settings.LearningRate > 0, $"--learning-rate: expected a positive number, found {settings.LearningRate}.");
        Require(settings.Energy is >= 0 and <= 1, $"--energy: expected 0 to 1, found {settings.Energy}.");
        Require(settings.TrainPerClass is null or >= 1, $"--train-per-class: expected at least 1, found {settings.TrainPerClass}.");
        Require(settings.TestPerClass is null or >= 1, $"--test-per-class: expected at least 1, found {settings.TestPerClass}.");
        Require(settings.CheckpointEvery is null || settings.State is not null, "--checkpoint-every needs --state.");
        Require(settings.CheckpointEvery is null or >= 1, $"--checkpoint-every: expected at least 1, found {settings.CheckpointEvery}.");
        Require(settings.Classes is null || settings.Classes >= settings.Tasks, $"--classes: expected at least one for each of the {settings.Tasks} tasks, found {settings.Classes}.");
        return settings;
    }
}
