namespace Microsoft.ML.Continual.Methods;

/// <summary>What the parameter of a <see cref="ProjectionSite"/> is for. Projections have options by role.</summary>
public enum SiteRole
{
    /// <summary>Tokens that stand beside those of the image.</summary>
    Prompt,

    /// <summary>The keys by which prompts are selected from a pool; activations are the queries of images.</summary>
    PoolKey,

    /// <summary>Keys that attention reads before its own; activations are the queries of tokens.</summary>
    KeyPrefix,

    /// <summary>Values that attention mixes in before its own; activations are the attention weights on them.</summary>
    ValuePrefix,

    /// <summary>A factor of a linear map whose rows are outputs; activations are what enters it.</summary>
    Weight,
}
