using Microsoft.ML.Continual.Backbones.Clip;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>A CLIP of two blocks a tower with random weights and a vocabulary of six merges.</summary>
internal static class TinyClip
{
    /// <summary>What joins <c>cat</c> and <c>dog</c> to one token each.</summary>
    public static IReadOnlyList<(string Left, string Right)> Merges { get; } = [("c", "a"), ("ca", "t</w>"), ("d", "o"), ("do", "g</w>"), ("e", "l"), ("f", "o")];

    public static ClipConfig Config { get; } = new()
    {
        ImageSize = TinyImages.Size, PatchSize = 4, Width = 16, Depth = 2, Heads = 2, MlpWidth = 32,
        TextWidth = 8, TextDepth = 2, TextHeads = 2, TextMlpWidth = 16, EmbedWidth = 12, ContextLength = 16, VocabularySize = 520,
    };

    public static ClipModel Create(int seed = 7, ScalarType? type = null, ClipConfig? config = null)
    {
        using DisposeScope scope = NewDisposeScope();
        return ClipModel.FromTensors(Weights(config ?? Config, seed), config ?? Config, computeType: type, tokenizer: ClipTokenizer.FromMerges(Merges));
    }

    public static Dictionary<string, Tensor> Weights(ClipConfig config, int seed = 7)
    {
        var random = new SeededRandom(seed);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in config.TensorShapes().OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            bool norm = name.Contains("ln_", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal);
            tensors[name] = name == "logit_scale" ? tensor(2.5f) : random.UniformTensor(-0.4, 0.4, shape) + (norm ? 1 : 0);
        }
        return tensors;
    }
}
