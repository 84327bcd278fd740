namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>Which half of an E-prompt serves as keys and which as values.</summary>
public enum EPromptLayout
{
    /// <summary>The first half are keys and the second values, for every image.</summary>
    Correct,

    /// <summary>
    /// The published code reshapes axes that it ought to permute: image b of a batch of B takes half (2b + e) div B of image (2b + e) mod B, as keys (e = 0) and as values (e = 1). With one prompt for all,
    /// the first half of an even batch so uses the key half as both, the second the value half, and an output depends on the image's place in its batch.
    /// </summary>
    ReferenceReshape,
}
