namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>What a task's new rows of the classifier start from.</summary>
public enum HeadInitialization
{
    /// <summary>Weights and biases uniform in ±1/√D, as a fresh linear layer's.</summary>
    Uniform,

    /// <summary>
    /// The released code's: the first task's weights normal with deviation 0.02 and its biases 0; a task with as many classes as are known already starts from copies of these, which is so
    /// for the second of equal tasks; others uniform.
    /// </summary>
    ReleasedCode,
}
