using Microsoft.ML.Continual.Backbones.Clip;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Testing.Golden;

/// <summary>What the cases with a CLIP have in common.</summary>
internal static class ClipGolden
{
    /// <summary>The CLIP whose weights a case holds under <c>clip.</c>.</summary>
    public static ClipModel MakeModel(GoldenCase @case, ITextTokenizer? tokenizer = null)
    {
        Dictionary<string, Tensor> tensors = @case.Named("clip.");
        ClipConfig config = ClipConfig.Infer(tensors.ToDictionary(t => t.Key, t => t.Value.shape, StringComparer.Ordinal), @case.Int("heads"), @case.Int("text_heads"));
        return ClipModel.FromTensors(tensors, config, tokenizer: tokenizer);
    }
}
