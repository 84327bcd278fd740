using MathNet.Numerics.LinearAlgebra;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>
/// A = η·Π/‖Π‖ + (1 − η)·I with the projector Π onto a null space, kept as a·I + b·F·Fᵀ with an orthonormal basis F of the protected directions, of which there are few where the null space is large.
/// </summary>
/// <param name="Dimension">n.</param>
/// <param name="Scale">a: the gain of null directions.</param>
/// <param name="Shift">b, not positive: what protected directions lose.</param>
/// <param name="Protected">F, [n, k]; null when k = 0.</param>
internal sealed record BlendedProjector(int Dimension, double Scale, double Shift, Matrix<double>? Protected)
{
    /// <summary>n − k.</summary>
    public int Nullity => Dimension - (Protected?.ColumnCount ?? 0);

    /// <summary>The gain of protected directions, a + b.</summary>
    public double ProtectedGain => Scale + Shift;

    public static BlendedProjector Identity(int dimension) => new(dimension, 1, 0, null);

    /// <param name="protectedBasis">F, [n, k], orthonormal; null for k = 0.</param>
    /// <param name="dimension">n.</param>
    /// <param name="eta">η.</param>
    /// <param name="normalise">Whether Π is divided by its Frobenius norm √(n − k), as in the paper's algorithm and its code.</param>
    public static BlendedProjector Create(Matrix<double>? protectedBasis, int dimension, double eta, bool normalise)
    {
        int nullity = dimension - (protectedBasis?.ColumnCount ?? 0);
        // Without null directions Π = 0: what remains is (1 − η)·I.
        if (nullity == 0) return new BlendedProjector(dimension, 1 - eta, 0, protectedBasis);
        double gain = normalise ? eta / Math.Sqrt(nullity) : eta;
        return new BlendedProjector(dimension, 1 - eta + gain, protectedBasis is null ? 0 : -gain, protectedBasis);
    }

    /// <summary>Π, [n, n].</summary>
    public Matrix<double> Projector()
    {
        Matrix<double> identity = Matrix<double>.Build.DenseIdentity(Dimension);
        return Protected is null ? identity : identity - Protected.TransposeAndMultiply(Protected);
    }

    /// <summary>A, [n, n].</summary>
    public Matrix<double> ToDense()
    {
        Matrix<double> dense = Matrix<double>.Build.DenseIdentity(Dimension) * Scale;
        return Protected is null ? dense : dense + Protected.TransposeAndMultiply(Protected) * Shift;
    }
}
