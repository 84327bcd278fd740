using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DeepPrompt;

/// <summary>A frozen copy of prompts and heads. Takes over the tensors.</summary>
internal sealed class DeepPromptScorer(VisionTransformer backbone, Dictionary<int, Tensor> prompts, (Tensor Weight, Tensor Bias) head) : IScorer
{
    public int ClassCount => (int)head.Weight.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return nn.functional.linear(DeepPromptMethod.Features(backbone, images, prompts), head.Weight, head.Bias).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (Tensor prompt in prompts.Values) prompt.Dispose();
        head.Weight.Dispose();
        head.Bias.Dispose();
    }
}
