using System.Runtime.InteropServices;

namespace Microsoft.ML.Continual.Data;

/// <summary>
/// The weights with which PIL resamples one axis: each output pixel is a short weighted sum of neighbouring input pixels.
/// </summary>
/// <remarks>
/// PIL's <c>Image.resize</c>: with a scale of s = input / output, output pixel i sees the filter centred at (i + ½)·s and stretched by max(s, 1)
/// (that is the antialias), cut off at the edges and normalised to the sum 1. For 8-bit images PIL rounds each weight to a multiple of 2⁻²²;
/// such weights are exact in float32.
/// </remarks>
internal sealed class ResampleTaps
{
    /// <summary>The fractional bits of a weight for 8-bit images.</summary>
    public const int FixedPointBits = 22;

    /// <summary>A half in units of the weights: added before the bits are dropped, it rounds half up.</summary>
    public const int FixedPointHalf = 1 << (FixedPointBits - 1);

    private readonly int[] _starts;
    private readonly float[][] _weights;
    private readonly int[][]? _fixedPoint;   // of 8-bit images

    /// <summary>Computes the weights of a part of the output.</summary>
    /// <param name="key">The axis: sizes, part and filter.</param>
    public ResampleTaps(AxisKey key)
    {
        _starts = new int[key.Count];
        _weights = new float[key.Count][];
        _fixedPoint = key.Quantized ? new int[key.Count][] : null;
        double scale = (double)key.Input / key.Output, stretch = Math.Max(scale, 1), support = SupportOf(key.Filter) * stretch;
        for (int i = 0; i < key.Count; i++)
        {
            double center = (key.Offset + i + 0.5) * scale;
            int first = Math.Max((int)(center - support + 0.5), 0), end = Math.Min((int)(center + support + 0.5), key.Input);
            double[] weights = new double[end - first];
            double sum = 0;
            for (int x = first; x < end; x++) sum += weights[x - first] = Evaluate(key.Filter, (x - center + 0.5) / stretch);
            _starts[i] = first;
            for (int x = 0; x < weights.Length; x++) weights[x] /= sum;
            if (_fixedPoint is not null)
            {
                _fixedPoint[i] = [.. weights.Select(weight => (int)Math.Round(weight * (1 << FixedPointBits), MidpointRounding.AwayFromZero))];
                _weights[i] = [.. _fixedPoint[i].Select(weight => weight / (float)(1 << FixedPointBits))];
            }
            else
            {
                _weights[i] = [.. weights.Select(weight => (float)weight)];
            }
        }
        FirstInput = _starts.Min();
        EndInput = _starts.Zip(_weights).Max(tap => tap.First + tap.Second.Length);
    }

    /// <summary>The number of output pixels.</summary>
    public int Count => _starts.Length;

    /// <summary>The first input pixel that any output pixel sees.</summary>
    public int FirstInput { get; }

    /// <summary>One more than the last input pixel that any output pixel sees.</summary>
    public int EndInput { get; }

    /// <summary>The weights of one output pixel in units of 2⁻²²; for 8-bit images.</summary>
    /// <param name="output">The output pixel.</param>
    /// <param name="first">The input pixel of the first weight.</param>
    public ReadOnlySpan<int> FixedPoint(int output, out int first)
    {
        first = _starts[output];
        return _fixedPoint![output];
    }

    /// <summary>Writes the weights as a dense matrix [outputs, inputs] over zeros.</summary>
    /// <param name="matrix">Room for [count, <paramref name="stride"/>] numbers, all 0.</param>
    /// <param name="stride">The inputs a row of the matrix has; at least the input size.</param>
    /// <param name="mirrored">Whether the outputs run backwards, which flips the image.</param>
    public void Fill(Span<float> matrix, int stride, bool mirrored)
    {
        for (int i = 0; i < _starts.Length; i++)
        {
            int row = mirrored ? _starts.Length - 1 - i : i;
            _weights[i].CopyTo(matrix.Slice(row * stride + _starts[i]));
        }
    }

    private static double SupportOf(ResizeFilter filter) => filter == ResizeFilter.Bicubic ? 2 : 1;

    private static double Evaluate(ResizeFilter filter, double x)
    {
        x = Math.Abs(x);
        if (filter == ResizeFilter.Bilinear) return x < 1 ? 1 - x : 0;
        const double A = -0.5;   // Catmull-Rom
        if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    }
}

/// <summary>One axis of a resize, of which a part is wanted.</summary>
/// <param name="Input">The input's size in pixels.</param>
/// <param name="Output">The whole output's size.</param>
/// <param name="Offset">The first output pixel wanted.</param>
/// <param name="Count">The number of output pixels wanted.</param>
/// <param name="Filter">The filter.</param>
/// <param name="Quantized">Whether the weights are rounded as PIL does for 8-bit images.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AxisKey(int Input, int Output, int Offset, int Count, ResizeFilter Filter, bool Quantized);
