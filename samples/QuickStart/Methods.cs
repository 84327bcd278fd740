using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.L2P;
using Microsoft.ML.Continual.Methods.VisualPrompt;
using Microsoft.ML.Continual.Pgp;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Samples.QuickStart;

/// <summary>The three ways to learn that the quick start compares. All start from the same seed and see the same batches.</summary>
internal static class Methods
{
    private const int PoolSize = 10, PromptLength = 5;

    // Prompts start as small as this backbone's patch embeddings; the papers' 1 belongs to networks whose tokens are larger.
    private const double InitialRange = 0.1;

    /// <summary>The names that <c>--method</c> takes, with what reports call them.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>
    {
        ["plain"] = "Plain fine-tuning",
        ["l2p"] = "L2P",
        ["l2p-pgp"] = "L2P + PGP",
    };

    /// <summary>Makes the trainer of a method.</summary>
    public static ContinualTrainer Create(string method, ContinualCatalog continual, VisionTransformer backbone, Settings settings) => method switch
    {
        // As many prompt tokens as L2P's pool holds, but the same ones for every image, and a classifier that is free to
        // push old classes down: what one gets by simply training on.
        "plain" => continual.PromptTuning(WithCommon(new VisualPromptOptions
        {
            PromptLength = PoolSize * PromptLength,
            InitialRange = InitialRange,
            LearningRate = settings.PlainLearningRate,
        }, backbone, settings)),

        // An energy of 0 projects nothing: PGP only measures here, so that the reports can show what L2P alone disturbs.
        "l2p" => continual.PromptTuning(L2P(backbone, settings)).WithGradientProjection(new PgpOptions { Energy = 0, KeyEnergy = 0 }),

        "l2p-pgp" => continual.PromptTuning(L2P(backbone, settings)).WithGradientProjection(new PgpOptions { Energy = settings.Energy, KeyEnergy = settings.KeyEnergy }),

        _ => throw new ArgumentException($"There is no method '{method}'; the methods are {string.Join(", ", Names.Keys)}."),
    };

    // A pool of prompts with keys. Each image uses the five whose keys are nearest to its feature in the frozen network.
    private static L2POptions L2P(VisionTransformer backbone, Settings settings) => WithCommon(new L2POptions
    {
        PoolSize = PoolSize,
        PromptLength = PromptLength,
        TopK = 5,
        InitialRange = InitialRange,
        LearningRate = settings.LearningRate,
    }, backbone, settings);

    private static TOptions WithCommon<TOptions>(TOptions options, VisionTransformer backbone, Settings settings) where TOptions : MethodOptions
    {
        options.Backbone = backbone;
        options.Epochs = settings.Epochs;
        options.BatchSize = settings.BatchSize;
        options.ScaleLearningRateByBatch = false;
        options.Seed = settings.Seed;
        // Every epoch sees the same pixels, so features of the frozen network are computed once an image.
        options.TrainingView = TrainingView.Deterministic;
        options.EvaluationView = EvaluationView.Resize;
        return options;
    }
}
