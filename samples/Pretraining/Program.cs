using System.CommandLine;
using System.Globalization;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Samples.Pretraining;
using Microsoft.ML.Continual.Samples.Scenes;
using static TorchSharp.torch;

// Pre-trains the quick start's backbone. The README beside this file says with which command, and what came of it.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

Option<string> output = new("--output") { Description = "The safetensors file to write.", DefaultValueFactory = _ => "shapes_vit.safetensors" };
Option<int> images = new("--images") { Description = "How many images to train on; each is rendered once.", DefaultValueFactory = _ => 250_000 };
Option<int> batch = new("--batch-size") { Description = "Images a step.", DefaultValueFactory = _ => 32 };
Option<double> rate = new("--learning-rate") { Description = "AdamW's highest learning rate.", DefaultValueFactory = _ => 1e-3 };
Option<int> size = new("--image-size") { Description = "The side of an image in pixels.", DefaultValueFactory = _ => 48 };
Option<int> patch = new("--patch-size") { Description = "The side of a patch in pixels.", DefaultValueFactory = _ => 8 };
Option<int> width = new("--width") { Description = "The width of a token; a multiple of 4.", DefaultValueFactory = _ => 128 };
Option<int> depth = new("--depth") { Description = "Transformer blocks.", DefaultValueFactory = _ => 6 };
Option<int> heads = new("--heads") { Description = "Attention heads.", DefaultValueFactory = _ => 4 };
Option<int> seed = new("--seed") { Description = "The seed of weights and images.", DefaultValueFactory = _ => 2024 };
Option<int> threads = new("--threads") { Description = "Threads of libtorch.", DefaultValueFactory = _ => Environment.ProcessorCount };
Option<string?> sheet = new("--contact-sheet") { Description = "Draw examples of the classes to <FILE>-pretraining.png and <FILE>-quickstart.png and stop." };

var command = new RootCommand("Pre-trains a small vision transformer on rendered shapes and textures.")
    { output, images, batch, rate, size, patch, width, depth, heads, seed, threads, sheet };
command.SetAction(async (arguments, cancellationToken) =>
{
    try
    {
        if (arguments.GetValue(sheet) is { } file) return DrawContactSheets(file, arguments.GetValue(size));
        var settings = new PretrainingSettings
        {
            Config = new VisionTransformerConfig(arguments.GetValue(size), arguments.GetValue(patch), arguments.GetValue(width), arguments.GetValue(depth),
                                                 arguments.GetValue(heads), 4 * arguments.GetValue(width)),
            Images = arguments.GetValue(images),
            BatchSize = arguments.GetValue(batch),
            LearningRate = arguments.GetValue(rate),
            Seed = arguments.GetValue(seed),
            Output = arguments.GetRequiredValue(output),
        };
        settings.Config.Validate();
        if (settings.Config.Width % 4 != 0) throw new ArgumentException($"--width: expected a multiple of 4, found {settings.Config.Width}.");
        if (settings.BatchSize < 1 || settings.Images < settings.BatchSize) throw new ArgumentException("--images: expected at least one batch.");
        set_num_threads(Math.Max(1, arguments.GetValue(threads)));
        await PretrainAsync(settings, cancellationToken);
        return 0;
    }
    catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"error: {e.Message}");
        return 2;
    }
    catch (OperationCanceledException)
    {
        Console.Error.WriteLine("stopped; the file holds the weights of the last tenth that was finished");
        return 130;
    }
});
return await command.Parse(args).InvokeAsync();

static async Task PretrainAsync(PretrainingSettings settings, CancellationToken cancellationToken)
{
    using var pretrainer = new Pretrainer(settings);
    Console.WriteLine($"{settings.Config}; {SceneWorld.Pretraining.Classes.Count} classes, {settings.Images} images, batch {settings.BatchSize}, {get_num_threads()} threads");
    await pretrainer.TrainAsync(Console.WriteLine, step => EvaluateAndSave(step), cancellationToken);
    EvaluateAndSave(settings.Steps);
    Console.WriteLine($"wrote {Path.GetFullPath(settings.Output)} ({new FileInfo(settings.Output).Length / 1e6:0.00} MB)");

    void EvaluateAndSave(int step)
    {
        IReadOnlyDictionary<string, double> accuracies = pretrainer.Evaluate(imagesPerClass: 20);
        double transfer = pretrainer.EvaluateTransfer();
        string measured = $"held-out accuracy: {string.Join(", ", accuracies.Select(a => $"{a.Key} {100 * a.Value:0.0} %"))}; quick start's classes by nearest mean of ten: {100 * transfer:0.0} %";
        Console.WriteLine(measured);
        CheckpointFile.Write(settings, pretrainer.Weights,
            $"{settings.Config}, trained from random weights by samples/Pretraining on {(long)step * settings.BatchSize} rendered images of " +
            $"{SceneWorld.Pretraining.Classes.Count} classes (seed {settings.Seed}, AdamW {settings.LearningRate}, batch {settings.BatchSize}); {measured}");
    }
}

static int DrawContactSheets(string file, int size)
{
    File.WriteAllBytes($"{file}-quickstart.png", ContactSheet.Draw(SceneWorld.QuickStart, size, examples: 7, classesPerRow: 2, zoom: 2));
    File.WriteAllBytes($"{file}-pretraining.png", ContactSheet.Draw(SceneWorld.Pretraining, size, examples: 3, classesPerRow: 7));
    Console.WriteLine($"wrote {file}-quickstart.png and {file}-pretraining.png");
    return 0;
}
