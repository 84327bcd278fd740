using MathNet.Numerics.LinearAlgebra;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>Between tensors and float64 matrices.</summary>
internal static class TensorMatrix
{
    /// <summary>The entries in order, as float64.</summary>
    public static double[] ToArray(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).to(CPU).contiguous().data<double>().ToArray();
    }

    /// <summary>A tensor seen as [rows, columns].</summary>
    public static Matrix<double> ToMatrix(Tensor tensor, int columns)
    {
        double[] values = ToArray(tensor);
        return Matrix<double>.Build.DenseOfRowMajor(values.Length / columns, columns, values);
    }

    /// <summary>A float64 CPU tensor in the caller's dispose scope.</summary>
    public static Tensor ToTensor(double[] values, params long[] shape)
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor(values, (ReadOnlySpan<long>)shape).clone().MoveToOuterDisposeScope();   // in libtorch's own memory: products round alike in every run
    }
}
