using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Continual.Testing.Golden;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Pgp.Tests.Golden;

/// <summary>Compares what a memory pass made of a site with a golden case.</summary>
internal static class GoldenMemory
{
    /// <summary>Checks scores, singular values, ranks and projectors.</summary>
    /// <param name="golden">The case.</param>
    /// <param name="at">What stands before the outputs' names.</param>
    /// <param name="memory">What was made.</param>
    /// <param name="inputs">What the case calls the scores of the activations.</param>
    public static void Check(GoldenCase golden, string at, MemoryInspection memory, string inputs = "rep_pca")
    {
        golden.Check(at + inputs, ToTensor(memory.Inputs!));
        if (memory.Rows is not null) golden.Check(at + "p_pca", ToTensor(memory.Rows));
        golden.Check(at + "sum", ToTensor(memory.Rows is null ? memory.Inputs! : memory.Inputs! + memory.Rows));
        double total = memory.Gram.FrobeniusNorm();
        golden.Check(at + "svals", tensor(new SymmetricEigen(memory.Gram).Values));
        golden.Check(at + "svals_resid", tensor(memory.Growth.ResidualEnergies.Select(e => Math.Sqrt(e) * total).ToArray()));
        golden.Check(at + "rank", tensor((long)memory.Growth.Basis.Rank));
        golden.Check(at + "ranktable", tensor(golden.Config.GetProperty("ranktable").EnumerateArray()
            .Select(e => (long)memory.Before.Grow(memory.Gram, memory.Rule with { Energy = e.GetDouble() }).Basis.Rank).ToArray()));
        golden.Check(at + "projector_after", ToTensor(memory.Growth.Basis.Projector()));
        golden.Check(at + "projector_used", ToTensor(memory.Before.Projector()));
    }

    private static Tensor ToTensor(Matrix<double> matrix) => TensorMatrix.ToTensor(matrix.ToRowMajorArray(), matrix.RowCount, matrix.ColumnCount);
}
