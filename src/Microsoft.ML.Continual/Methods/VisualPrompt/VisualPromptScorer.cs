using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.VisualPrompt;

/// <summary>A frozen copy of the prompt and the classifier.</summary>
internal sealed class VisualPromptScorer(VisionTransformer backbone, PromptPooling pooling, Tensor prompt, ClassifierHead head) : IScorer
{
    private readonly Tensor _prompt = TrainableTensor.Freeze(prompt);
    private readonly Tensor _headWeight = TrainableTensor.Freeze(head.Weight);
    private readonly Tensor _headBias = TrainableTensor.Freeze(head.Bias);

    public int ClassCount => (int)_headWeight.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor features = backbone.Forward(images, new BlockEdits { InputTokens = _prompt, Output = pooling.Tokens() }).AverageTokens();   // [B, D]
        return nn.functional.linear(features, _headWeight, _headBias).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _prompt.Dispose();
        _headWeight.Dispose();
        _headBias.Dispose();
    }
}
