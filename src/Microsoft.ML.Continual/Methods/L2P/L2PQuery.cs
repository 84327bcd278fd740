namespace Microsoft.ML.Continual.Methods.L2P;

/// <summary>What of an image is compared with the keys.</summary>
public enum L2PQuery
{
    /// <summary>The class token after the final norm of the frozen network without prompts: the paper's query. Costs a forward pass unless the view is deterministic.</summary>
    ClassFeature,

    /// <summary>The mean of the patch embeddings, before positions.</summary>
    PatchMean,

    /// <summary>The largest value of each channel over the patch embeddings.</summary>
    PatchMaximum,

    /// <summary>The largest value plus twice the mean, as in the published code.</summary>
    PatchMaximumAndMean,
}
