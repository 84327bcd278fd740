using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Tasks;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.RealData;

/// <summary>A real checkpoint on real images. The bounds are far above chance and far below what was seen, so that only a real fault crosses them.</summary>
[TestClass]
[TestCategory("RealData")]
public class DeitTinyTests
{
    [TestMethod]
    public void Nearest_class_mean_of_the_features_tells_ten_classes_apart()
    {
        int[] classes = [.. Enumerable.Range(0, 10)];
        using VisionTransformer backbone = Load(new MLContext(1).Continual(), size: 224);
        using DisposeScope scope = NewDisposeScope();
        Tensor means = stack([.. classes.Select(c => Features(backbone, CifarImage.Read(Train, 20, c)).mean(new long[] { 0 }))]);   // [10, D]
        List<CifarImage> test = CifarImage.Read(Test, 15, classes);
        Tensor distances = (Features(backbone, test).unsqueeze(1) - means.unsqueeze(0)).pow(2).sum(-1);   // [B, 1, D] − [1, 10, D] -> [B, 10]
        long[] nearest = distances.argmin(1).data<long>().ToArray();
        double accuracy = nearest.Zip(test).Count(p => p.First == p.Second.Label) / (double)test.Count;
        Console.WriteLine($"nearest class mean, 20 images a class, 224 px: {accuracy:p1}");
        Assert.IsGreaterThan(0.5, accuracy);
    }

    [TestMethod]
    public void L2P_learns_two_tasks_of_two_classes_one_after_the_other()
    {
        var mlContext = new MLContext(7);
        ContinualCatalog continual = mlContext.Continual();
        using VisionTransformer backbone = Load(continual, size: 96);   // a fifth of the work of 224, with resampled positions
        var options = new L2POptions { Backbone = backbone, Epochs = 6, BatchSize = 8, LearningRate = 0.2, Pooling = PromptPooling.ClassToken, TrainingView = TrainingView.Deterministic, EvaluationView = EvaluationView.Resize, Seed = 3 };
        using var trainer = continual.PromptTuning(options);
        ContinualTask[] tasks = [Task(mlContext, 0, 1), Task(mlContext, 8, 6)];
        SequenceResult result = continual.Run(trainer, tasks);
        Console.WriteLine(result);
        Console.WriteLine(result.Matrix);
        Assert.AreEqual(4, trainer.Classes.Count);
        Assert.IsGreaterThan(0.7, result.Matrix[0, 0], "two classes right after they were learned, chance is 0.5");
        Assert.IsGreaterThan(0.35, result.Matrix.AverageAccuracy, "four classes at the end, chance is 0.25");
    }

    private static string Train => RealDataFolder.Require("five-datasets", "cifar-10-batches-bin", "data_batch_1.bin");

    private static string Test => RealDataFolder.Require("five-datasets", "cifar-10-batches-bin", "test_batch.bin");

    private static VisionTransformer Load(ContinualCatalog continual, int size) => continual.LoadVisionTransformer(
        RealDataFolder.Require("weights", "deit_tiny_patch16_224.safetensors"), imageSize: size, normalization: ImageNormalization.ImageNet);

    private static ContinualTask Task(MLContext mlContext, params int[] classes) => new(
        $"classes {string.Join(", ", classes)}",
        mlContext.Data.LoadFromEnumerable(CifarImage.Read(Train, 40, classes)),
        mlContext.Data.LoadFromEnumerable(CifarImage.Read(Test, 30, classes)));

    private static Tensor Features(VisionTransformer backbone, IReadOnlyList<CifarImage> images)
    {
        var preparer = new ImagePreparer(backbone);
        HostImage[] host = [.. images.Select((image, row) => new HostImage(32, 32, image.Image, null, row))];
        return backbone.ClassFeature(preparer.ForEvaluation(host, EvaluationView.Resize));
    }
}
