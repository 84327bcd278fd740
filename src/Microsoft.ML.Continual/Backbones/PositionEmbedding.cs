using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>Brings the position embedding of one image size to another.</summary>
internal static class PositionEmbedding
{
    private const double CubicCoefficient = -0.75;   // what torch's bicubic interpolation uses

    /// <summary>
    /// Resamples the grid part bicubically, as torch does without antialias and with corners not aligned. The class position stays.
    /// </summary>
    /// <param name="positions">[1, 1 + g², D].</param>
    /// <param name="gridSize">The new side G of the grid.</param>
    /// <returns>[1, 1 + G², D] of the same type; the argument itself where G = g.</returns>
    public static Tensor Resize(Tensor positions, int gridSize)
    {
        long width = positions.shape[2], old = (long)Math.Round(Math.Sqrt(positions.shape[1] - 1));
        if (old == gridSize) return positions;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor weights = Weights((int)old, gridSize);                                                       // [G, g]
        Tensor grid = positions.to(CPU).to(ScalarType.Float64).narrow(1, 1, old * old).reshape(old, old * width);   // [y, x·D]
        // Rows first: [G, g] × [g(y), g(x)·D] -> [G(y), g(x), D]
        Tensor rows = weights.mm(grid).view(gridSize, old, width);
        // then columns: [G, g] × [g(x), G(y)·D] -> [G(x), G(y), D] -> [G(y), G(x), D]
        Tensor both = weights.mm(rows.transpose(0, 1).reshape(old, gridSize * width)).view(gridSize, gridSize, width).transpose(0, 1);
        Tensor patches = both.reshape(1, (long)gridSize * gridSize, width).to(positions.dtype).to(positions.device);
        return cat([positions.narrow(1, 0, 1), patches], 1).MoveToOuterDisposeScope();
    }

    /// <summary>[to, from] float64: what each old position gives to each new one. Beyond the border the border's own value counts.</summary>
    private static Tensor Weights(int from, int to)
    {
        double[,] weights = new double[to, from];
        for (int i = 0; i < to; i++)
        {
            double centre = (i + 0.5) * from / to - 0.5;
            int first = (int)Math.Floor(centre) - 1;
            for (int tap = first; tap < first + 4; tap++)
                weights[i, Math.Clamp(tap, 0, from - 1)] += Cubic(Math.Abs(centre - tap));
        }
        return OwnMemory.Copy(from_array(weights));
    }

    private static double Cubic(double x)
    {
        const double A = CubicCoefficient;
        return x <= 1 ? ((A + 2) * x - (A + 3)) * x * x + 1 : x < 2 ? ((A * x - 5 * A) * x + 8 * A) * x - 4 * A : 0;
    }
}
