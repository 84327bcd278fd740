using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Continual;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Output;
using Microsoft.ML.Continual.Samples.QuickStart;
using Microsoft.ML.Continual.Samples.Scenes;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

// A frozen vision transformer learns task after task, each with classes it has never seen, and never sees an old image again.
// Three methods do it in turn; the tables and the report at the end show how much each remembers.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return CommandLine.Run(args, Learn);

static int Learn(Settings settings, CancellationToken cancellationToken)
{
    var watch = Stopwatch.StartNew();
    var mlContext = new MLContext(settings.Seed) { GpuDeviceId = settings.Gpu };
    ContinualCatalog continual = mlContext.Continual();

    // 1. Images with labels: two IDataViews, one to learn from and one to be judged by.
    ImageDataset data = settings.Data is null
        ? RenderedDataset.Create(mlContext, SceneWorld.QuickStart, settings.TrainPerClass ?? 60, settings.TestPerClass ?? 20, settings.Seed)
        : DatasetFolder.Open(mlContext, settings.Data, new DatasetOptions(settings.Classes, settings.TrainPerClass, settings.TestPerClass, settings.Seed));
    Console.WriteLine(data);

    // 2. The frozen network. It was pre-trained on other classes and never changes.
    using VisionTransformer backbone = continual.LoadVisionTransformer(settings.Weights, settings.ImageSize, settings.Heads, normalization: settings.Normalization);
    Console.WriteLine($"{backbone} from {Path.GetFileName(settings.Weights)}");

    // 3. Tasks: the classes in random order, dealt out evenly.
    TaskSequence tasks = continual.SplitByClass(data.Train, data.Test, settings.Tasks, order: ClassOrder.Shuffled(settings.Seed));
    Console.WriteLine($"{settings.Tasks} tasks, {settings.Epochs} epochs each, seed {settings.Seed}; prediction is per image among all classes seen so far");
    Console.WriteLine();

    // 4. Each method learns the whole sequence. `Run` calls trainer.Fit(task) and evaluates all tasks so far, task after task.
    List<SequenceResult> results = [];
    foreach (string method in settings.Methods)
    {
        using ContinualTrainer trainer = Methods.Create(method, continual, backbone, settings);
        results.Add(RunWatcher.Watch(Methods.Names[method], settings.Tasks, options =>
        {
            // With a state file a run that was cut off goes on where it stood, and ends as if nothing had happened.
            (options.StatePath, options.StateEverySteps) = (settings.FileOf(settings.State, method), settings.CheckpointEvery);
            return continual.Run(trainer, tasks, options, cancellationToken);
        }));
        if (settings.FileOf(settings.Save, method) is { } file)
        {
            using ContinualTransformer model = trainer.GetModel();
            model.Save(file);
        }
    }

    // 5. What came of it.
    ResultTables.WriteMatrices(results);
    ResultTables.WriteMeasures(results);
    ResultTables.WriteInterference(results);
    if (settings.Matrices is { } matrices) MatrixFile.Write(matrices, results);
    if (settings.Report is { } report)
        Console.WriteLine($"Report: {continual.WriteReport(report, $"{settings.Tasks} tasks of {data.Name}", results)}");
    Console.WriteLine($"Done in {watch.Elapsed.TotalSeconds:0} s.");
    return 0;
}
