namespace Microsoft.ML.Continual.Methods;

/// <summary>Which output tokens, after the final norm, are averaged into the classifier's input.</summary>
public enum PromptPooling
{
    /// <summary>The prompt tokens: L2P's choice.</summary>
    Prompt,

    /// <summary>The class token alone: L2P's choice for CUB-200.</summary>
    ClassToken,

    /// <summary>The class token and the prompt tokens.</summary>
    ClassAndPrompt,

    /// <summary>All tokens: class, prompts and patches.</summary>
    MeanOfAll,
}
