using MathNet.Numerics.LinearAlgebra;

namespace Microsoft.ML.Continual.Pgp.Tests;

/// <summary>Small helpers on float64 matrices for the tests.</summary>
internal static class Matrices
{
    public static Matrix<double> Of(double[,] values) => Matrix<double>.Build.DenseOfArray(values);

    /// <summary>XᵀX of data whose rows are the vectors: the C = D·Dᵀ that a basis takes.</summary>
    public static Matrix<double> Gram(Matrix<double> rows) => rows.TransposeThisAndMultiply(rows);

    public static Matrix<double> Gaussian(Random random, int rows, int columns) =>
        Matrix<double>.Build.Dense(rows, columns, (_, _) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    /// <summary>Gaussian data of a given rank.</summary>
    public static Matrix<double> OfRank(Random random, int rows, int columns, int rank) => Gaussian(random, rows, rank) * Gaussian(random, rank, columns);

    public static double Largest(Matrix<double> matrix) => matrix.Enumerate().Max(Math.Abs);

    public static double Difference(Matrix<double> a, Matrix<double> b) => Largest(a - b);

    public static void AreClose(Matrix<double> expected, Matrix<double> actual, double tolerance, string what = "") =>
        Assert.IsTrue(Difference(expected, actual) <= tolerance, $"{what} differs by {Difference(expected, actual):g3}, allowed {tolerance:g3}");
}
