using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>A vision transformer of two blocks with random weights: enough for contracts, too small for accuracy.</summary>
internal static class TinyVit
{
    public static VisionTransformerConfig Config { get; } = new(TinyImages.Size, 4, 16, 2, 2, 32);

    public static VisionTransformer Create(int seed = 7)
    {
        var random = new SeededRandom(seed);
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        foreach ((string name, long[] shape) in Config.TensorShapes().OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            bool norm = name.Contains("norm", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal);
            tensors[name] = norm ? ones(shape) : random.TruncatedNormalTensor(0.2, shape);
        }
        return VisionTransformer.FromTensors(tensors, Config);
    }
}
