using Microsoft.ML.Continual.Backbones.Clip;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipDeepPrompt;

/// <summary>A frozen copy of prompts, projection, scale and the texts of all classes. Takes over the tensors.</summary>
/// <param name="clip">The backbone.</param>
/// <param name="prompts">By block.</param>
/// <param name="weight">[E, D].</param>
/// <param name="bias">[E].</param>
/// <param name="scale">The factor of cosines, a scalar.</param>
/// <param name="texts">[C, E].</param>
internal sealed class ClipDeepPromptScorer(ClipModel clip, Dictionary<int, Tensor> prompts, Tensor weight, Tensor bias, Tensor scale, Tensor texts) : IScorer
{
    public int ClassCount => (int)texts.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor features = ClipDeepPromptMethod.Features(clip, images, prompts);                                     // [B, D]
        Tensor embedded = ClassTexts.Unit(nn.functional.linear(features, weight, bias));                            // [B, E]
        return (embedded * scale).mm(texts.t()).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (Tensor tensor in prompts.Values.Concat([weight, bias, scale, texts])) tensor.Dispose();
    }
}
