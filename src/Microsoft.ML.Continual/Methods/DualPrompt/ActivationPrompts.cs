namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>Which E-prompt images see while their activations are collected for a projection.</summary>
public enum ActivationPrompts
{
    /// <summary>The one whose key is nearest to the image's class feature: what prediction uses.</summary>
    ByClassFeature,

    /// <summary>The one whose key is nearest to the largest value of each channel over the embedded tokens: the released code gives its memory pass no class feature and falls back to this.</summary>
    ByTokenMaximum,
}
