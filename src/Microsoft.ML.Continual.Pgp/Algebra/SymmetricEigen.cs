using MathNet.Numerics.LinearAlgebra;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>The eigenvalues (descending) and eigenvectors (columns in that order) of a symmetric matrix, in float64.</summary>
/// <remarks>MathNet's managed solver needs about 0.7 s for 768 × 768 on one core, once a site and task.</remarks>
internal sealed class SymmetricEigen
{
    public SymmetricEigen(Matrix<double> matrix)
    {
        var evd = matrix.Evd(Symmetricity.Symmetric);
        int n = matrix.RowCount;
        Values = new double[n];
        for (int i = 0; i < n; i++) Values[i] = evd.EigenValues[n - 1 - i].Real;   // the solver sorts ascending
        _vectors = evd.EigenVectors;
    }

    private readonly Matrix<double> _vectors;

    public double[] Values { get; }

    /// <summary>The eigenvectors of the <paramref name="count"/> largest eigenvalues, [n, count].</summary>
    public Matrix<double> Leading(int count)
    {
        int n = _vectors.RowCount;
        return Matrix<double>.Build.Dense(n, count, (row, column) => _vectors[row, n - 1 - column]);
    }

    /// <summary>An estimate from below of the largest eigenvalue of a positive semidefinite matrix, good to a per cent or better: the power method.</summary>
    public static double LargestEigenvalue(Matrix<double> matrix, int iterations = 100)
    {
        int n = matrix.RowCount, heaviest = 0;
        for (int i = 1; i < n; i++)
            if (matrix[i, i] > matrix[heaviest, heaviest]) heaviest = i;
        if (!(matrix[heaviest, heaviest] > 0)) return 0;
        // The heaviest column is one step of the power method from a unit vector: it cannot be orthogonal to what made it heavy.
        Vector<double> v = matrix.Column(heaviest);
        double estimate = matrix[heaviest, heaviest];
        for (int i = 0; i < iterations; i++)
        {
            double norm = v.L2Norm();
            if (!(norm > 0)) break;
            v /= norm;
            Vector<double> w = matrix * v;
            double next = v * w;   // Rayleigh quotient: never above the largest eigenvalue, never falling
            bool settled = next - estimate <= 1e-7 * next && i > 4;
            estimate = Math.Max(estimate, next);
            if (settled) break;
            v = w;
        }
        return estimate;
    }

    /// <summary>Turns each column so that its entry of largest magnitude (the first on ties) is positive.</summary>
    public static void FixSigns(Matrix<double> columns)
    {
        for (int column = 0; column < columns.ColumnCount; column++)
        {
            int largest = 0;
            for (int row = 1; row < columns.RowCount; row++)
                if (Math.Abs(columns[row, column]) > Math.Abs(columns[largest, column])) largest = row;
            if (columns[largest, column] >= 0) continue;
            for (int row = 0; row < columns.RowCount; row++) columns[row, column] = -columns[row, column];
        }
    }
}
