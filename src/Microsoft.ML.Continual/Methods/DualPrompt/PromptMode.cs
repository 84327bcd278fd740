namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>How a prompt enters a block.</summary>
public enum PromptMode
{
    /// <summary>Half of it stands before the keys, half before the values of the block's attention; the number of tokens stays.</summary>
    PrefixTuning,

    /// <summary>Its tokens enter before the block beside the image's and go on with them.</summary>
    PromptTuning,
}
