namespace Microsoft.ML.Continual.Data;

/// <summary>The kinds of training view.</summary>
public enum TrainingViewKind
{
    /// <summary>A random part of the image, resized.</summary>
    RandomResizedCrop,

    /// <summary>What prediction sees, perhaps flipped.</summary>
    SameAsEvaluation,
}
