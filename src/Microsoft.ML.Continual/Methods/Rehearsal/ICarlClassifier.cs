namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>What predicts.</summary>
public enum ICarlClassifier
{
    /// <summary>The nearest mean of a class's remembered images, in unit features: the paper's.</summary>
    NearestExemplarMean,

    /// <summary>The network's own classifier.</summary>
    Head,
}
