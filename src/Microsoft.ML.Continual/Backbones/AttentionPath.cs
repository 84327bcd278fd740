namespace Microsoft.ML.Continual.Backbones;

/// <summary>How attention is computed. The results agree up to rounding.</summary>
internal enum AttentionPath
{
    /// <summary>The faster of the two on the device.</summary>
    Automatic,

    /// <summary>libtorch's scaled dot-product attention.</summary>
    Fused,

    /// <summary>Two batched products and a softmax.</summary>
    Plain,
}
