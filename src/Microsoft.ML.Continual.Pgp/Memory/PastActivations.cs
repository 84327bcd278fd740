using MathNet.Numerics.LinearAlgebra;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// What is kept of a task's activations at a site to audit later tasks: C = XᵀX, from which <c>‖X·Δpᵀ‖ = sqrt(tr(Δp·C·Δpᵀ))</c> is exact without X.
/// Held as its d(d+1)/2 different entries.
/// </summary>
internal sealed class PastActivations
{
    private readonly int _dimension;

    private PastActivations(int taskIndex, int dimension, double[] packed, double largest) => (TaskIndex, _dimension, Packed, LargestEigenvalue) = (taskIndex, dimension, packed, largest);

    /// <summary>The task the activations are of.</summary>
    public int TaskIndex { get; }

    /// <summary>The upper triangle of C, row by row.</summary>
    public double[] Packed { get; }

    /// <summary>The largest eigenvalue of C: the square of the most that X can stretch a unit row.</summary>
    public double LargestEigenvalue { get; }

    public static PastActivations From(int taskIndex, Matrix<double> gram)
    {
        int d = gram.RowCount, next = 0;
        double[] packed = new double[PackedLength(d)];
        for (int i = 0; i < d; i++)
            for (int j = i; j < d; j++) packed[next++] = gram[i, j];
        return new PastActivations(taskIndex, d, packed, SymmetricEigen.LargestEigenvalue(gram));
    }

    public static PastActivations FromPacked(int taskIndex, int dimension, double[] packed, double largest) => new(taskIndex, dimension, packed, largest);

    public static int PackedLength(int dimension) => checked(dimension * (dimension + 1) / 2);

    /// <summary>How far a change of the rows moved their products with the activations.</summary>
    /// <param name="before">p, [rows, d].</param>
    /// <param name="change">Δp, [rows, d].</param>
    /// <returns>‖X Δpᵀ‖ / ‖X pᵀ‖, and ‖X Δpᵀ‖ as a share of the most a change of this size could have made.</returns>
    public (double Relative, double Share) Measure(Matrix<double> before, Matrix<double> change)
    {
        Matrix<double> gram = Unpack();
        double moved = Energy(change, gram), size = change.FrobeniusNorm();
        if (moved == 0) return (0, 0);
        double products = Energy(before, gram);
        return (products > 0 ? Math.Sqrt(moved / products) : double.MaxValue, Math.Min(1, Math.Sqrt(moved / LargestEigenvalue) / size));
    }

    // tr(R C Rᵀ); rounding can take a vanishing one below zero.
    private static double Energy(Matrix<double> rows, Matrix<double> gram) => Math.Max(0, (rows * gram).PointwiseMultiply(rows).Enumerate().Sum());

    private Matrix<double> Unpack()
    {
        Matrix<double> gram = Matrix<double>.Build.Dense(_dimension, _dimension);
        int next = 0;
        for (int i = 0; i < _dimension; i++)
            for (int j = i; j < _dimension; j++) gram[i, j] = gram[j, i] = Packed[next++];
        return gram;
    }
}
