namespace Microsoft.ML.Continual.Methods;

/// <summary>How the learning rate runs over the epochs of one task.</summary>
public enum LearningRateSchedule
{
    /// <summary>The same rate throughout.</summary>
    Constant,

    /// <summary>Half a cosine from the full rate to 0, stepped by epoch: epoch e of E uses <c>(1 + cos(π e / E)) / 2</c>.</summary>
    Cosine,

    /// <summary>The full rate, multiplied by <see cref="MethodOptions.DecayFactor"/> at each of <see cref="MethodOptions.DecayAt"/>.</summary>
    Steps,
}
