namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>What all tasks train on the side of the images.</summary>
public enum ClipImageTuning
{
    /// <summary>Tokens in the image tower (CLIP-PGP, and CLIP-Prompt of PEGP).</summary>
    Prompt,

    /// <summary>A linear bottleneck after the image tower, f ↦ f + Up·Down·f (CLIP-Linear of PEGP).</summary>
    Adapter,
}
