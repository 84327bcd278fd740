using MathNet.Numerics.LinearAlgebra;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>Sums XᵀX over streamed activations, on their device, in float64.</summary>
/// <remarks>
/// Float64 throughout: a sum in float32 carries errors near 1e-7 of the largest eigenvalue, which hide singular values below 3e-4 of the largest, so that
/// rank-deficient activations would seem to fill the space. The products run once a task and are a small part of the forward passes that make X.
/// </remarks>
internal sealed class ActivationGram : IDisposable
{
    private const long BlockRows = 8192;   // bounds the float64 copy of the activations: 50 MB at 768 dimensions

    private readonly int _dimension;
    private readonly bool _unitRows, _centre;
    private Tensor? _products, _sum;

    /// <param name="dimension">d.</param>
    /// <param name="unitRows">Whether each row is scaled to length 1 first (rows of zeros stay).</param>
    /// <param name="centre">Whether the mean row is taken off.</param>
    public ActivationGram(int dimension, bool unitRows, bool centre) => (_dimension, _unitRows, _centre) = (dimension, unitRows, centre);

    /// <summary>The number of rows seen.</summary>
    public long Count { get; private set; }

    /// <summary>Adds rows.</summary>
    /// <param name="activations">[…, d], any floating type.</param>
    public void Add(Tensor activations)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = activations.reshape(-1, _dimension);   // [B, tokens, d] -> [B * tokens, d]
        long count = rows.shape[0];
        for (long start = 0; start < count; start += BlockRows)
        {
            Tensor block = rows.narrow(0, start, Math.Min(BlockRows, count - start)).to(ScalarType.Float64);
            if (_unitRows) block = block * (block * block).sum(-1, keepdim: true).clamp_min(1e-24).rsqrt();
            Accumulate(ref _products, block.t().matmul(block));   // [d, n] x [n, d] -> [d, d]
            if (_centre) Accumulate(ref _sum, block.sum(dim: 0));
        }
        Count += count;
    }

    /// <summary>The sum XᵀX, or Σ (x − x̄)ᵀ(x − x̄), [d, d].</summary>
    public Matrix<double> ToMatrix()
    {
        if (_products is null) return Matrix<double>.Build.Dense(_dimension, _dimension);
        using DisposeScope scope = NewDisposeScope();
        Tensor products = _products;
        if (_centre) products = products - _sum!.reshape(-1, 1).matmul(_sum.reshape(1, -1)) / (double)Count;
        products = (products + products.t()) * 0.5;
        return Matrix<double>.Build.DenseOfRowMajor(_dimension, _dimension, TensorMatrix.ToArray(products));
    }

    public void Dispose()
    {
        _products?.Dispose();
        _sum?.Dispose();
    }

    private static void Accumulate(ref Tensor? total, Tensor part)
    {
        if (total is null) total = part.DetachFromDisposeScope();
        else total.add_(part);
    }
}
