namespace Microsoft.ML.Continual.Pgp;

/// <summary>What activations weigh in the sums from which null spaces are made. Only relative weights count.</summary>
public enum CovarianceWeights
{
    /// <summary>Every image the same, as in the paper.</summary>
    Images,

    /// <summary>Every batch the same, whatever its size, as in the released code.</summary>
    Batches,

    /// <summary>As <see cref="Batches"/>, and tasks by the mean weighted with their numbers of images, not by the sum: another mode of the released code.</summary>
    BatchMeans,
}
