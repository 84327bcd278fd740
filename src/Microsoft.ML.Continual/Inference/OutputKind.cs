namespace Microsoft.ML.Continual.Inference;

/// <summary>Where an output column comes from.</summary>
internal enum OutputKind
{
    /// <summary>The source, unchanged.</summary>
    Source,

    /// <summary>The source's label, as a key over the classes seen.</summary>
    Label,

    /// <summary>The class probabilities.</summary>
    Score,

    /// <summary>The most probable class.</summary>
    PredictedLabel,
}
