namespace Microsoft.ML.Data;

/// <summary>How well a classifier of several classes did.</summary>
public sealed class MulticlassClassificationMetrics
{
    internal MulticlassClassificationMetrics()
    {
    }

    /// <summary>The mean of -ln p, p the probability given to the true class, at least 1e-15.</summary>
    public double LogLoss { get; internal init; }

    /// <summary>(H - LogLoss) / H, H the entropy of the true classes.</summary>
    public double LogLossReduction { get; internal init; }

    /// <summary>The mean over the classes that occur of the share of their rows classified right, 0 to 1.</summary>
    public double MacroAccuracy { get; internal init; }

    /// <summary>The share of rows classified right, 0 to 1.</summary>
    public double MicroAccuracy { get; internal init; }

    /// <summary>The share of rows whose true class is among the best <see cref="TopKPredictionCount"/> scores; 0 where that is 0.</summary>
    public double TopKAccuracy => TopKAccuracyForAllK?.LastOrDefault() ?? 0;

    /// <summary>How many of the best scores were looked at.</summary>
    public int TopKPredictionCount { get; internal init; }

    /// <summary>The top-k accuracy for k = 1 … <see cref="TopKPredictionCount"/>; null where that is 0.</summary>
    public IReadOnlyList<double> TopKAccuracyForAllK { get; internal init; }

    /// <summary>The log-loss of the rows of each class; 0 for one that does not occur.</summary>
    public IReadOnlyList<double> PerClassLogLoss { get; internal init; }

    /// <summary>The counts by true and predicted class.</summary>
    public ConfusionMatrix ConfusionMatrix { get; internal init; }
}
