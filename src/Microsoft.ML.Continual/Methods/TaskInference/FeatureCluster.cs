using Microsoft.ML.Continual.Methods.Alignment;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.TaskInference;

/// <summary>A cluster of features of one class in one task. Its tensors are never written again, so that copies share the memory.</summary>
/// <param name="Task">The task.</param>
/// <param name="Class">The class.</param>
/// <param name="Mean">[D] float32.</param>
/// <param name="Precision">[D, D] float32: the inverse of the shrunk covariance, normalised to correlations.</param>
internal sealed record FeatureCluster(int Task, int Class, Tensor Mean, Tensor Precision) : IDisposable
{
    /// <summary>The unbiased covariance of features with the ridge of <see cref="ClassDistribution"/>, float64 [D, D]; of a single one the ridge alone.</summary>
    /// <param name="features">[n, D] float64.</param>
    /// <param name="asReleased">Whether a single feature has the variance of its numbers as covariance of all channels.</param>
    public static Tensor Covariance(Tensor features, bool asReleased)
    {
        using DisposeScope scope = NewDisposeScope();
        long width = features.shape[1];
        Tensor ridge = eye(width, width, ScalarType.Float64) * ClassDistribution.Ridge;
        if (features.shape[0] < 2) return (asReleased && width > 1 ? ridge + (features - features.mean()).square().sum() / (width - 1) : ridge).MoveToOuterDisposeScope();
        Tensor centred = features - features.mean([0]);
        return (centred.t().mm(centred) / (features.shape[0] - 1) + ridge).MoveToOuterDisposeScope();
    }

    /// <summary>Σ + shrinkage · mean(diag Σ) · I.</summary>
    public static Tensor Shrink(Tensor covariance, double shrinkage)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor diagonal = covariance.diagonal(0, 0, 1);
        return (covariance + (diagonal.mean() * shrinkage).expand(diagonal.shape[0]).diag()).MoveToOuterDisposeScope();
    }

    /// <summary>The inverse of Σ_ij / √(Σ_ii Σ_jj), which is positive definite thanks to the shrinkage.</summary>
    public static Tensor InverseCorrelation(Tensor shrunk)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor deviations = shrunk.diagonal(0, 0, 1).sqrt();
        Tensor correlation = shrunk / deviations.unsqueeze(1) / deviations.unsqueeze(0);
        return linalg.cholesky_ex(correlation).Item1.cholesky_inverse().MoveToOuterDisposeScope();
    }

    /// <summary>Measures a cluster.</summary>
    /// <param name="task">The task.</param>
    /// <param name="classIndex">The class.</param>
    /// <param name="features">[n, D] float64 on the CPU.</param>
    /// <param name="options">The shrinkage and the covariance of a single image.</param>
    /// <param name="device">Where the cluster goes.</param>
    public static FeatureCluster Measure(int task, int classIndex, Tensor features, TaskInferenceOptions options, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor precision = InverseCorrelation(Shrink(Covariance(features, options.ReferenceCovariance), options.Shrinkage));
        return new FeatureCluster(task, classIndex, features.mean([0]).to(ScalarType.Float32).to(device).DetachFromDisposeScope(), precision.to(ScalarType.Float32).to(device).DetachFromDisposeScope());
    }

    /// <summary>(u − µ)ᵀ·S·(u − µ) of unit features: [B, D] -> [B].</summary>
    public Tensor Distance(Tensor unit)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor difference = unit - Mean;
        return (difference.mm(Precision) * difference).sum(1).MoveToOuterDisposeScope();
    }

    /// <summary>Another handle on the same memory.</summary>
    public FeatureCluster Share()
    {
        using DisposeScope scope = NewDisposeScope();
        return this with { Mean = Mean.detach().DetachFromDisposeScope(), Precision = Precision.detach().DetachFromDisposeScope() };
    }

    public void Dispose()
    {
        Mean.Dispose();
        Precision.Dispose();
    }
}
