using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Samples.Pretraining;

/// <summary>Where pre-training starts from.</summary>
internal static class InitialWeights
{
    /// <summary>
    /// Trainable weights by timm's names: matrices truncated normal with variance 1 / inputs, norms 1, biases 0, positions sine and cosine
    /// of the patch's row and column.
    /// </summary>
    public static Dictionary<string, Parameter> Create(VisionTransformerConfig config, SeededRandom random)
    {
        var weights = new Dictionary<string, Parameter>(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in config.TensorShapes())
        {
            Tensor value = name switch
            {
                "cls_token" => zeros(shape),
                "pos_embed" => Positions(config),
                _ when name.Contains("norm") && name.EndsWith(".weight", StringComparison.Ordinal) => ones(shape),
                _ when name.EndsWith(".bias", StringComparison.Ordinal) => zeros(shape),
                _ => random.TruncatedNormalTensor(1 / Math.Sqrt(shape.Skip(1).Aggregate(1L, (a, b) => a * b)), shape),
            };
            weights.Add(name, nn.Parameter(value));
        }
        return weights;
    }

    /// <summary>A linear classifier on a feature: weight [answers, width] and bias [answers].</summary>
    public static (Parameter Weight, Parameter Bias) CreateHead(int answers, int width, SeededRandom random) =>
        (nn.Parameter(random.TruncatedNormalTensor(1 / Math.Sqrt(width), answers, width)), nn.Parameter(zeros(answers)));

    // [1, 1 + G², D]: 0 for the class token; for a patch sines and cosines of its row, then of its column, at D / 4 frequencies from 1 to 1 / 100.
    private static Tensor Positions(VisionTransformerConfig config)
    {
        const float amplitude = 0.3f;
        int quarter = config.Width / 4, grid = config.GridSize;
        float[] values = new float[(1 + grid * grid) * config.Width];
        for (int row = 0; row < grid; row++)
        {
            for (int column = 0; column < grid; column++)
            {
                Span<float> patch = values.AsSpan((1 + row * grid + column) * config.Width, config.Width);
                for (int i = 0; i < quarter; i++)
                {
                    float frequency = MathF.Pow(100, -(float)i / quarter);
                    patch[i] = amplitude * MathF.Sin(row * frequency);
                    patch[quarter + i] = amplitude * MathF.Cos(row * frequency);
                    patch[2 * quarter + i] = amplitude * MathF.Sin(column * frequency);
                    patch[3 * quarter + i] = amplitude * MathF.Cos(column * frequency);
                }
            }
        }
        return tensor((IList<float>)values, [1, 1 + grid * grid, config.Width]);
    }
}
