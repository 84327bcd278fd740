using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Inference;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Continual.Samples.Scenes;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>A small model to try the server with: the quick start's rendered shapes, learned in three tasks while the server starts.</summary>
internal static class DemoModel
{
    private const int Tasks = 3, TrainPerClass = 16, Seed = 1;

    /// <summary>The backbone that the samples ship.</summary>
    public static string Weights { get; } = Path.Combine(AppContext.BaseDirectory, "assets", "shapes_vit.safetensors");

    /// <summary>Learns the tasks.</summary>
    public static ContinualTransformer Learn(MLContext mlContext, VisionTransformer backbone)
    {
        ContinualCatalog continual = mlContext.Continual();
        ImageDataset data = RenderedDataset.Create(mlContext, SceneWorld.QuickStart, TrainPerClass, 1, Seed);
        using ContinualTrainer trainer = continual.PromptTuning(new L2POptions
        {
            Backbone = backbone,
            InitialRange = 0.1,
            LearningRate = 0.01,
            ScaleLearningRateByBatch = false,
            Epochs = 2,
            Seed = Seed,
            TrainingView = TrainingView.Deterministic,
            EvaluationView = EvaluationView.Resize,
        });
        ContinualTransformer? model = null;
        foreach (ContinualTask task in continual.SplitByClass(data.Train, data.Test, Tasks, order: ClassOrder.Shuffled(Seed)))
        {
            model?.Dispose();
            model = trainer.Fit(task);
        }
        return model!;
    }
}
