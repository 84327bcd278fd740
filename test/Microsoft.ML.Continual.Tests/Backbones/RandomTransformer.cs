using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Backbones;

/// <summary>Vision transformers with random weights, and random inputs for them.</summary>
internal static class RandomTransformer
{
    public static VisionTransformerConfig Config { get; } = new(ImageSize: 12, PatchSize: 4, Width: 16, Depth: 3, Heads: 2, MlpWidth: 24);

    public static Dictionary<string, Tensor> Weights(VisionTransformerConfig config, long seed = 1)
    {
        var random = new SeededRandom(seed);
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in config.TensorShapes())
        {
            // Strong enough that attention is far from uniform: a wrong product shows.
            Tensor values = random.UniformTensor(-0.5, 0.5, shape);
            weights[name] = name.Contains("norm", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal) ? values + 1 : values;
        }
        return weights;
    }

    public static VisionTransformer Create(VisionTransformerConfig? config = null, ScalarType? type = null, long seed = 1)
    {
        using DisposeScope scope = NewDisposeScope();
        config ??= Config;
        return VisionTransformer.FromTensors(Weights(config, seed), config, computeType: type);
    }

    public static Tensor Images(int count, int size = 12, long seed = 2) => new SeededRandom(seed).UniformTensor(-1, 1, count, 3, size, size);

    public static Tensor Tokens(params long[] shape) => new SeededRandom(3).UniformTensor(-1, 1, shape);

    /// <summary>The largest difference, relative to the largest entry of the second.</summary>
    public static double Difference(Tensor a, Tensor b)
    {
        using DisposeScope scope = NewDisposeScope();
        CollectionAssertShapes(a, b);
        Tensor x = a.detach().to(ScalarType.Float64), y = b.detach().to(ScalarType.Float64);
        return (x - y).abs().max().item<double>() / Math.Max(1e-30, y.abs().max().item<double>());
    }

    private static void CollectionAssertShapes(Tensor a, Tensor b)
    {
        if (!a.shape.SequenceEqual(b.shape))
            throw new InvalidOperationException($"Shapes differ: [{string.Join(", ", a.shape)}] and [{string.Join(", ", b.shape)}].");
    }
}
