using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>Chooses the ridge λ of a regression by images of one task that it is not fitted to. One eigendecomposition serves every λ.</summary>
internal static class RidgeSelection
{
    private const int ColumnBlock = 1024;   // of φ, made at a time

    /// <summary>10⁻⁸, 10⁻⁷, … 10⁸.</summary>
    public static IReadOnlyList<double> Grid { get; } = [.. Enumerable.Range(-8, 17).Select(k => Math.Pow(10, k))];

    /// <summary>The λ of the grid with the least error, the smallest of equals; null where there are no images to fit or to judge by, or no error is finite.</summary>
    /// <param name="projection">Makes φ.</param>
    /// <param name="features">[n, D] float32.</param>
    /// <param name="labels">[n] int64.</param>
    /// <param name="random">Draws the four fifths that are fitted to.</param>
    public static double? Choose(RandomProjection projection, Tensor features, Tensor labels, SeededRandom random)
    {
        int count = (int)labels.shape[0], fitted = (int)(count * 4L / 5);
        int[] order = random.NextPermutation(count);
        if (fitted == 0 || fitted == count) return null;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor index = tensor((IList<long>)order.Select(r => (long)r).ToArray(), new long[] { count }).to(features.device);
        Tensor x = features.index_select(0, index), y = OneHot(labels.index_select(0, index));
        double[] errors = Errors(projection, x.narrow(0, 0, fitted), y.narrow(0, 0, fitted), x.narrow(0, fitted, count - fitted), y.narrow(0, fitted, count - fitted), Grid, fitted <= projection.Width);
        int best = -1;
        for (int i = 0; i < errors.Length; i++)
            if (double.IsFinite(errors[i]) && (best < 0 || errors[i] < errors[best])) best = i;
        return best < 0 ? null : Grid[best];
    }

    /// <summary>The mean squared errors on other images, for each λ.</summary>
    /// <param name="projection">Makes φ.</param>
    /// <param name="x">[n, D] float32, fitted to.</param>
    /// <param name="y">[n, C] float64.</param>
    /// <param name="others">[v, D] float32, judged by.</param>
    /// <param name="truth">[v, C] float64.</param>
    /// <param name="ridges">The λ.</param>
    /// <param name="dual">Whether Φᵀ(ΦΦᵀ + λI)⁻¹Y is computed, by n × n products of images, or the equal (ΦᵀΦ + λI)⁻¹ΦᵀY, by M × M products of features.</param>
    internal static double[] Errors(RandomProjection projection, Tensor x, Tensor y, Tensor others, Tensor truth, IReadOnlyList<double> ridges, bool dual)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor gram, targets, readers;
        if (dual)
        {
            gram = Products(projection, x, x);                       // ΦΦᵀ, [n, n]
            (targets, readers) = (y, Products(projection, others, x));
        }
        else
        {
            Tensor phi = projection.Apply(x).to(ScalarType.Float64);   // [n, M]
            gram = phi.t().mm(phi);                                    // ΦᵀΦ, [M, M]
            (targets, readers) = (phi.t().mm(y), projection.Apply(others).to(ScalarType.Float64));
        }
        (Tensor values, Tensor vectors) = linalg.eigh(gram);
        Tensor spectrum = values.clamp_min(0).unsqueeze(1);            // rounding makes zeros negative
        Tensor inside = vectors.t().mm(targets), outside = readers.mm(vectors);
        return [.. ridges.Select(Error)];

        double Error(double ridge)
        {
            using DisposeScope one = NewDisposeScope();
            return (outside.mm(inside / (spectrum + ridge)) - truth).square().mean().item<double>();
        }
    }

    /// <summary>The products of all φ of one set with all of another, [a, b] float64, a block of columns of φ at a time.</summary>
    private static Tensor Products(RandomProjection projection, Tensor left, Tensor right)
    {
        Tensor sum = zeros(new long[] { left.shape[0], right.shape[0] }, ScalarType.Float64, left.device);
        for (int first = 0; first < projection.Width; first += ColumnBlock)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(ColumnBlock, projection.Width - first);
            sum.add_(projection.Apply(left, first, count).to(ScalarType.Float64).mm(projection.Apply(right, first, count).to(ScalarType.Float64).t()));
        }
        return sum;
    }

    // Over the classes that occur: the columns of others are 0 in truth and prediction alike. [n] -> [n, C] float64
    private static Tensor OneHot(Tensor labels)
    {
        long[] classes = [.. labels.to(CPU).data<long>().ToArray().Distinct().Order()];
        Tensor columns = tensor((IList<long>)classes, new long[] { classes.Length }).to(labels.device);
        return labels.unsqueeze(1).eq(columns.unsqueeze(0)).to(ScalarType.Float64);
    }
}
