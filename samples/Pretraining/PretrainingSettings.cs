using Microsoft.ML.Continual.Backbones;

namespace Microsoft.ML.Continual.Samples.Pretraining;

/// <summary>What a pre-training run depends on; equal settings give equal weights on the same machine and thread count.</summary>
internal sealed record PretrainingSettings
{
    /// <summary>The sizes of the transformer.</summary>
    public required VisionTransformerConfig Config { get; init; }

    /// <summary>How many images to train on. Each is rendered once and never seen again.</summary>
    public required int Images { get; init; }

    /// <summary>Images a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>AdamW's highest learning rate, after the warm-up.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 0.05;

    /// <summary>The share of the target that goes to all classes alike.</summary>
    public double LabelSmoothing { get; init; } = 0.05;

    /// <summary>The weight of each of the four helping tasks: figure, pattern and the two hues.</summary>
    public double HelpingWeight { get; init; } = 0.5;

    /// <summary>Steps over which the learning rate rises from 0.</summary>
    public int WarmUpSteps { get; init; } = 300;

    /// <summary>The seed of weights and images.</summary>
    public required int Seed { get; init; }

    /// <summary>The file to write.</summary>
    public required string Output { get; init; }

    /// <summary>Pixels are brought to [−1, 1].</summary>
    public static ImageNormalization Normalization => ImageNormalization.Inception;

    /// <summary>The number of steps.</summary>
    public int Steps => Math.Max(1, Images / BatchSize);

    /// <summary>The learning rate of a step: a linear rise, then half a cosine down to 0.</summary>
    public double LearningRateAt(int step) =>
        LearningRate * Math.Min(1, (step + 1.0) / WarmUpSteps) * (1 + Math.Cos(Math.PI * step / Steps)) / 2;
}
