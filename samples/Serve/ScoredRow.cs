namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>What the model gives: a probability for each class.</summary>
internal sealed class ScoredRow
{
    public float[] Score { get; set; } = [];
}
