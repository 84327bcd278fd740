namespace Microsoft.ML.Continual.Methods;

/// <summary>How the learning rate runs over the epochs of one task.</summary>
public enum LearningRateSchedule
{
    /// <summary>The same rate throughout.</summary>
    Constant,

    /// <summary>Half a cosine from the full rate to <see cref="MethodOptions.MinimumLearningRate"/>, stepped by epoch: epoch e of E uses the share <c>(1 + cos(π e / E)) / 2</c> of the way between them.</summary>
    Cosine,

    /// <summary>
    /// <see cref="Cosine"/> one epoch late, as by timm's scheduler in the released code of L2P's followers, which is told an epoch's number when it has ended: the first two epochs use the full rate,
    /// and epoch e ≥ 1 what <see cref="Cosine"/> gives to e − 1.
    /// </summary>
    DelayedCosine,

    /// <summary>
    /// Nearly a quarter of a cosine from the full rate almost to <see cref="MethodOptions.MinimumLearningRate"/>: epoch e of E uses the share <c>cos(0.99 (π / 2) e / (E − 1))</c> of the way between them, as in
    /// CODA-Prompt's released code. A single epoch uses the full rate; a method's further epochs use the last one.
    /// </summary>
    QuarterCosine,

    /// <summary>The full rate, multiplied by <see cref="MethodOptions.DecayFactor"/> at each of <see cref="MethodOptions.DecayAt"/>.</summary>
    Steps,
}
