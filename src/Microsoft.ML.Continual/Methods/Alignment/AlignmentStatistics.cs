namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>What is kept of the features of a class, to draw from. D is the width of the features.</summary>
public enum AlignmentStatistics
{
    /// <summary>Means and variances by channel of some clusters of them: 2·D numbers a cluster.</summary>
    Centroids,

    /// <summary>Their mean and covariance: D² numbers.</summary>
    Covariance,

    /// <summary>Their mean and variances by channel: 2·D numbers.</summary>
    Variance,
}
