namespace Microsoft.ML.Continual.Backbones;

/// <summary>The activation of a block's MLP.</summary>
internal enum MlpActivation
{
    /// <summary>x · Φ(x), exactly.</summary>
    Gelu,

    /// <summary>x · σ(1.702 x): OpenAI's CLIP.</summary>
    QuickGelu,
}
