using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>Sums x_hᵀx_h of each head over streamed activations, on their device, in float64. Holds H·d² numbers, however many images come.</summary>
internal sealed class HeadGrams(int heads, int headWidth) : IDisposable
{
    private const long BlockRows = 8192;   // bounds the float64 copy of the activations: 50 MB at 768 channels

    private Tensor? _sum;   // [H, d, d]

    /// <summary>Adds rows.</summary>
    /// <param name="activations">[B, tokens, H·d], any floating type.</param>
    /// <param name="weight">What each row counts.</param>
    public void Add(Tensor activations, double weight)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = activations.reshape(-1, heads * headWidth);   // [B, tokens, H·d] -> [B·tokens, H·d]
        for (long start = 0; start < rows.shape[0]; start += BlockRows)
        {
            using DisposeScope inner = NewDisposeScope();
            // [n, H·d] -> [n, H, d] -> [H, n, d]
            Tensor block = rows.narrow(0, start, Math.Min(BlockRows, rows.shape[0] - start)).to(ScalarType.Float64).reshape(-1, heads, headWidth).transpose(0, 1).contiguous();
            Tensor part = block.transpose(1, 2).bmm(block);           // [H, d, n] × [H, n, d] -> [H, d, d]
            if (weight != 1) part = part * weight;
            if (_sum is null) _sum = part.DetachFromDisposeScope();
            else _sum.add_(part);
        }
    }

    /// <summary>The sums, [H, d, d], symmetric to the last bit; zeros where nothing was added.</summary>
    public double[] ToArray()
    {
        if (_sum is null) return new double[heads * headWidth * headWidth];
        using DisposeScope scope = NewDisposeScope();
        return TensorMatrix.ToArray((_sum + _sum.transpose(1, 2)) * 0.5);
    }

    public void Dispose() => _sum?.Dispose();
}
