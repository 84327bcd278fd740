using MathNet.Numerics.LinearAlgebra;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// The released code's matrix of images: one row an image, its activations one after the other. The products of images with each other need all of them at once, so this holds
/// the activations (float32, on the CPU) until the task is learned: 462 MB for 768 images of 196 tokens of 768.
/// </summary>
internal sealed class SampleMatrix(int images) : IDisposable
{
    private const long BlockColumns = 8192;

    private Tensor? _rows;   // [images, tokens * d]
    private long _count;

    /// <summary>Whether as many images were given as asked for.</summary>
    public bool IsComplete => _count == images;

    /// <summary>The number of images seen.</summary>
    public long Count => _count;

    /// <summary>Adds images; those beyond the number asked for are not kept.</summary>
    /// <param name="activations">[B, tokens, d].</param>
    public void Add(Tensor activations)
    {
        long take = Math.Min(activations.shape[0], images - _count);
        if (take <= 0) return;
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = activations.reshape(activations.shape[0], -1).narrow(0, 0, take);   // [B, tokens, d] -> [take, tokens * d]
        _rows ??= zeros(images, rows.shape[1], ScalarType.Float32).DetachFromDisposeScope();
        _rows.narrow(0, _count, take).copy_(rows);
        _count += take;
    }

    /// <summary>The products of the images seen with each other, [count, count].</summary>
    public Matrix<double> Gram()
    {
        using DisposeScope scope = NewDisposeScope();
        int count = (int)_count;
        Tensor products = zeros(count, count, ScalarType.Float64);
        for (long start = 0; start < _rows!.shape[1]; start += BlockColumns)
        {
            using DisposeScope step = NewDisposeScope();
            Tensor block = _rows.narrow(0, 0, count).narrow(1, start, Math.Min(BlockColumns, _rows.shape[1] - start)).to(ScalarType.Float64);
            products.add_(block.matmul(block.t()));   // [n, c] x [c, n] -> [n, n]
        }
        return Matrix<double>.Build.DenseOfRowMajor(count, count, TensorMatrix.ToArray((products + products.t()) * 0.5));
    }

    public void Dispose() => _rows?.Dispose();
}
