namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>Whose gradients make the diagonal of the Fisher information. All are squared image by image, never as a mean over a batch.</summary>
public enum FisherKind
{
    /// <summary>Of <c>log p(ŷ)</c> with ŷ drawn once from the network's own prediction: the definition, by one draw.</summary>
    Sampled,

    /// <summary>Of <c>log p(y)</c> of the image's label.</summary>
    Empirical,

    /// <summary>The expectation over all classes that compete, Σ_c p_c (∂ log p_c)²: exact, at the cost of one backward pass a class.</summary>
    Expected,

    /// <summary>Of <c>log p</c> of the class predicted.</summary>
    Predicted,

    /// <summary>As <see cref="Empirical"/>, each image weighted with the probability of its label.</summary>
    Weighted,
}
