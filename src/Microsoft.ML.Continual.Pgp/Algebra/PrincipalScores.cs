using MathNet.Numerics.LinearAlgebra;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// Principal-component scores U·Σ of a matrix Y = U Σ Vᵀ, computed from the Gram matrix Y·Yᵀ alone, with the sign rule that PGP's sum of
/// two score matrices needs: in every column the entry of largest magnitude is positive (as scikit-learn before 1.5).
/// </summary>
internal static class PrincipalScores
{
    /// <summary>The scores of a matrix given outright.</summary>
    /// <param name="rows">Y, [n, m].</param>
    /// <param name="components">The number of leading columns to keep; null keeps n.</param>
    /// <param name="centre">Whether the mean row is taken off each row first, as in PCA.</param>
    /// <returns>[n, min(n, components)]; columns beyond the rank are 0.</returns>
    public static Matrix<double> FromRows(Matrix<double> rows, int? components, bool centre)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return FromGram(rows.TransposeAndMultiply(rows), components, centre);
    }

    /// <summary>The scores of a matrix Y given by its Gram matrix.</summary>
    /// <param name="gram">Y·Yᵀ, [n, n], symmetric.</param>
    /// <param name="components">The number of leading columns to keep; null keeps n.</param>
    /// <param name="centre">Whether the mean row is taken off each row of Y first: H G H with H = I − 11ᵀ/n.</param>
    /// <returns>[n, min(n, components)]; columns beyond the rank are 0.</returns>
    public static Matrix<double> FromGram(Matrix<double> gram, int? components, bool centre)
    {
        ArgumentNullException.ThrowIfNull(gram);
        SubspaceBasis.CheckGram(gram, gram.RowCount);
        int n = gram.RowCount, count = Math.Min(n, components ?? n);
        var eigen = new SymmetricEigen(centre ? Centre(gram) : gram);
        Matrix<double> scores = eigen.Leading(count);
        SymmetricEigen.FixSigns(scores);   // on U: a column of scores may vanish, its direction may not
        for (int column = 0; column < count; column++)
        {
            double sigma = Math.Sqrt(Math.Max(0, eigen.Values[column]));
            for (int row = 0; row < n; row++) scores[row, column] *= sigma;
        }
        return scores;
    }

    private static Matrix<double> Centre(Matrix<double> gram)
    {
        int n = gram.RowCount;
        Vector<double> mean = gram.RowSums() / n;
        double grand = mean.Sum() / n;
        return Matrix<double>.Build.Dense(n, n, (i, j) => gram[i, j] - mean[i] - mean[j] + grand);
    }
}
