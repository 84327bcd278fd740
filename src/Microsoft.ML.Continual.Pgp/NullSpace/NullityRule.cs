namespace Microsoft.ML.Continual.Pgp;

/// <summary>How many directions of a spectrum count as null space. λ are the n eigenvalues of the summed activations, in descending order.</summary>
public enum NullityRule
{
    /// <summary>
    /// The released code's: from the eigenvalue with the largest second difference on. From 128 eigenvalues on these are smoothed first (Gaussian, σ 10) and 1.5 % of the differences at either
    /// end left out.
    /// </summary>
    Knee,

    /// <summary>The paper's: behind the eigenvalue with the largest second difference; nothing is smoothed or left out.</summary>
    BehindKnee,

    /// <summary>All λ up to a multiple of the smallest, as in Adam-NSCL; the paper finds it unsuited to prompts.</summary>
    Multiple,

    /// <summary>All λ below a share of the largest: the true null space, which is often empty.</summary>
    Tolerance,
}
