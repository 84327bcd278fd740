using Microsoft.ML.Continual.Backbones;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

internal static class PromptPoolingExtensions
{
    /// <summary>The tokens that the backbone must return.</summary>
    public static OutputTokens Tokens(this PromptPooling pooling) => pooling switch
    {
        PromptPooling.Prompt => OutputTokens.Inserted,
        PromptPooling.ClassToken => OutputTokens.Class,
        PromptPooling.ClassAndPrompt => OutputTokens.ClassAndInserted,
        _ => OutputTokens.All,
    };

    /// <summary>[B, tokens, D] -> [B, D] float32: the classifier's input, whatever the backbone's type.</summary>
    public static Tensor AverageTokens(this Tensor tokens) => tokens.to(Master(tokens.dtype)).mean([1]);

    // Trainable parts are float32 beside float32 and bfloat16 weights; float64 (gradient checks) stays.
    private static ScalarType Master(ScalarType type) => type == ScalarType.Float64 ? type : ScalarType.Float32;
}
