using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>A normal distribution of features of one class: all of them, or one cluster.</summary>
/// <param name="Class">The class.</param>
/// <param name="Task">The task that it was measured in.</param>
/// <param name="Mean">[D] float32 on the CPU.</param>
/// <param name="Spread">[D], the variances, to which <see cref="Ridge"/> is added; or [D, D], the Cholesky factor of the covariance with it.</param>
internal sealed record ClassDistribution(int Class, int Task, Tensor Mean, Tensor Spread) : IDisposable
{
    /// <summary>What is added to variances.</summary>
    public const double Ridge = 1e-4;

    /// <summary>The distribution of features by covariance (unbiased, with the ridge) or by channel.</summary>
    /// <param name="classIndex">The class.</param>
    /// <param name="task">The task.</param>
    /// <param name="features">[n, D].</param>
    /// <param name="isFull">Whether covariances between channels count.</param>
    /// <param name="isPopulation">Whether variances are divided by n in place of n − 1.</param>
    public static ClassDistribution Measure(int classIndex, int task, Tensor features, bool isFull, bool isPopulation)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor values = features.to(ScalarType.Float64).to(CPU), mean = values.mean([0]), centred = values - mean;
        // A single feature has no spread but the ridge.
        double divisor = isPopulation ? values.shape[0] : Math.Max(1, values.shape[0] - 1);
        Tensor spread = isFull
            ? linalg.cholesky_ex(centred.t().mm(centred) / divisor + eye(mean.shape[0], mean.shape[0], ScalarType.Float64) * Ridge).Item1
            : centred.square().sum(dim: 0) / divisor;
        return new ClassDistribution(classIndex, task, mean.to(ScalarType.Float32).DetachFromDisposeScope(), spread.to(ScalarType.Float32).DetachFromDisposeScope());
    }

    /// <summary>Features from standard normal numbers: mean · scale + L·z. [n, D] -> [n, D].</summary>
    public Tensor Draw(Tensor normals, double scale = 1)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor spread = Spread.dim() == 2 ? normals.mm(Spread.t()) : normals * (Spread + Ridge).sqrt();
        return (spread + Mean * scale).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Mean.Dispose();
        Spread.Dispose();
    }
}
