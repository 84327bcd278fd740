namespace Microsoft.ML.Continual.Methods.TaskInference;

/// <summary>
/// Inference of the task an image comes from, without training: by the nearest cluster of features of the task's classes, in a Mahalanobis distance whose covariances are shrunk and normalised to
/// correlations (after FeCAM, NeurIPS 2023), on features of length 1 (LoRAC, 2025).
/// </summary>
/// <remarks>Each cluster keeps a matrix of D × D numbers, 2.4 MB at 768 channels: with 100 classes and 4 clusters each 0.94 GB.</remarks>
public sealed record TaskInferenceOptions
{
    /// <summary>The number of clusters of a class; fewer where it has fewer images. ImageNet-R's published rows have 2.</summary>
    /// <value>The default is 4.</value>
    public int Clusters { get; init; } = 4;

    /// <summary>How much of the mean variance is added to the variances of a cluster.</summary>
    /// <value>The default is 1.</value>
    public double Shrinkage { get; init; } = 1;

    /// <summary>
    /// Whether a whole batch of test images gets the task that most of them seem to come from; the smallest of equals. Where test batches hold images of one task this leaks the true task into the
    /// result: for comparison with published "batch-wise" numbers only.
    /// </summary>
    /// <value>The default is false.</value>
    public bool BatchVote { get; init; }

    /// <summary>
    /// Whether a cluster of a single image has as covariance of any two channels the variance of the image's own numbers, a slip of the released code. Otherwise its channels are independent.
    /// </summary>
    /// <value>The default is false.</value>
    public bool ReferenceCovariance { get; init; }

    /// <summary>Checks every option.</summary>
    /// <param name="option">The name of the option that holds these.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    internal void Validate(string option)
    {
        OptionCheck.Require(Clusters >= 1, $"{option}.{nameof(Clusters)}", "at least 1", Clusters);
        OptionCheck.Require(Shrinkage > 0 && double.IsFinite(Shrinkage), $"{option}.{nameof(Shrinkage)}", "a positive number", Shrinkage);
    }
}
