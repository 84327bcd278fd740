namespace Microsoft.ML.Continual.Methods;

/// <summary>How the prompts for an image are picked from a pool.</summary>
public enum PromptSelection
{
    /// <summary>Each image uses the prompts whose keys are most similar to its own query. What an image is predicted as depends on nothing but the image.</summary>
    PerImage,

    /// <summary>
    /// The papers' protocol: the images of a batch vote, and all use the winners. A test batch whose images come from one task, as in the released code,
    /// lets the true task decide the vote: predictions then depend on the batch, and accuracies are a little too good.
    /// </summary>
    BatchwiseVote,
}
