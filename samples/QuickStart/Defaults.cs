namespace Microsoft.ML.Continual.Samples.QuickStart;

/// <summary>Hyper-parameters, chosen by a sweep on other seeds than the reported ones; the README says how.</summary>
internal static class Defaults
{
    /// <summary>Adam's learning rate of L2P, with and without projection.</summary>
    public const double LearningRate = 0.01;

    /// <summary>Adam's learning rate of plain fine-tuning.</summary>
    public const double PlainLearningRate = 0.003;

    /// <summary>The share of old patch embeddings' energy that PGP protects.</summary>
    public const double Energy = 0.95;

    /// <summary>The share of old query features' energy that PGP protects.</summary>
    public const double KeyEnergy = 0.97;
}
