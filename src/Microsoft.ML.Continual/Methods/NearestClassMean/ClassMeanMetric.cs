namespace Microsoft.ML.Continual.Methods.NearestClassMean;

/// <summary>How a feature is compared with the means of the classes.</summary>
public enum ClassMeanMetric
{
    /// <summary>By the cosine with the mean of the features as they are: SimpleCIL.</summary>
    Cosine,

    /// <summary>By the distance from the mean of the features as they are.</summary>
    Euclid,

    /// <summary>By the cosine with the mean of the features of length 1, in which long features weigh no more than short ones.</summary>
    CosineNorm,
}
