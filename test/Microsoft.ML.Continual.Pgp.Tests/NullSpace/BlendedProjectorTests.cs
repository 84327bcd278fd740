using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Microsoft.ML.Continual.Pgp.Tests.NullSpace;

/// <summary>A = η·Π/‖Π‖ + (1 − η)·I: worked examples, and what holds whatever the matrix.</summary>
[TestClass]
public sealed class BlendedProjectorTests
{
    private static readonly NullityQuery Knee = new(NullityRule.Knee);

    private static BlendedProjector Blend(Matrix<double> covariance, NullityQuery query, double eta, bool normalise = true) => SiteNullSpaces.Blend(covariance, [], query, eta, normalise).Projector;

    private static Matrix<double> Dense(params double[][] rows) => DenseMatrix.OfRowArrays(rows);

    private static void AssertEqual(Matrix<double> expected, Matrix<double> actual, double tolerance = 1e-12) =>
        Assert.IsTrue((expected - actual).Enumerate().All(d => Math.Abs(d) <= tolerance), $"expected\n{expected}found\n{actual}");

    // A symmetric matrix with given eigenvalues and random eigenvectors.
    private static Matrix<double> WithSpectrum(int seed, params double[] values)
    {
        Matrix<double> q = Rotation(seed, values.Length);
        return q * DenseMatrix.OfDiagonalArray(values) * q.Transpose();
    }

    private static Matrix<double> Rotation(int seed, int n)
    {
        var random = new Random(seed);
        return Matrix<double>.Build.Dense(n, n, (_, _) => random.NextDouble() - 0.5).QR().Q;
    }

    [TestMethod]
    public void Of_a_diagonal_matrix_the_gains_are_known()
    {
        Matrix<double> covariance = DenseMatrix.OfDiagonalArray([10, 1, .5, .4]);
        AssertEqual(DenseMatrix.OfDiagonalArray([0, .5773503, .5773503, .5773503]), Blend(covariance, Knee, 1).ToDense(), 1e-7);
        AssertEqual(DenseMatrix.OfDiagonalArray([.03, .5900298, .5900298, .5900298]), Blend(covariance, Knee, .97).ToDense(), 1e-7);
    }

    [TestMethod]
    public void Of_attention_on_three_prompts_the_null_space_annihilates_the_attention()
    {
        Matrix<double> attention = Dense([.1, .2, .3], [.2, .1, .3]), covariance = attention.TransposeThisAndMultiply(attention);
        AssertEqual(Dense([.05, .04, .09], [.04, .05, .09], [.09, .09, .18]), covariance);
        AssertEqual(Dense([5.0 / 6, -1.0 / 6, -1.0 / 3], [-1.0 / 6, 5.0 / 6, -1.0 / 3], [-1.0 / 3, -1.0 / 3, 1.0 / 3]), Blend(covariance, Knee with { Given = 2 }, 1).Projector());
        BlendedProjector one = Blend(covariance, new NullityQuery(NullityRule.Tolerance), 1);
        Assert.AreEqual(1, one.Nullity);
        AssertEqual(Dense([1, 1, -1], [1, 1, -1], [-1, -1, 1]) / 3, one.Projector());
        Assert.IsTrue((attention * one.ToDense()).FrobeniusNorm() < 1e-15);
    }

    [TestMethod]
    [DataRow(1.0, true)]
    [DataRow(.97, true)]
    [DataRow(.5, false)]
    public void It_has_two_gains_and_no_other(double eta, bool normalise)
    {
        Matrix<double> covariance = WithSpectrum(3, 9, 4, 1, .1, .05, .01);
        BlendedProjector blended = Blend(covariance, Knee with { Given = 4 }, eta, normalise);
        Matrix<double> projector = blended.Projector(), dense = blended.ToDense();
        AssertEqual(projector.Transpose(), projector);
        AssertEqual(projector, projector * projector);
        Assert.AreEqual(4, projector.Trace(), 1e-12);
        Assert.AreEqual(2, projector.FrobeniusNorm(), 1e-12);
        double free = (normalise ? eta / 2 : eta) + 1 - eta;
        Assert.AreEqual(free, blended.Scale, 1e-15);
        Assert.AreEqual(1 - eta, blended.ProtectedGain, 1e-15);
        double[] gains = new SymmetricEigen(dense).Values;
        for (int i = 0; i < 6; i++) Assert.AreEqual(i < 4 ? free : 1 - eta, gains[i], 1e-12);
    }

    [TestMethod]
    public void With_a_true_projector_doing_it_twice_is_doing_it_once()
    {
        Matrix<double> dense = Blend(WithSpectrum(4, 5, 3, 1e-13, 1e-13), new NullityQuery(NullityRule.Tolerance), 1, normalise: false).ToDense();
        AssertEqual(dense, dense * dense);
        Matrix<double> normalised = Blend(WithSpectrum(4, 5, 3, 1e-13, 1e-13), new NullityQuery(NullityRule.Tolerance), 1).ToDense();
        AssertEqual(normalised / Math.Sqrt(2), normalised * normalised);
    }

    [TestMethod]
    public void Scale_does_not_matter_and_rotations_go_through()
    {
        Matrix<double> covariance = WithSpectrum(5, 9, 4, 1, .1, .05), rotation = Rotation(6, 5), dense = Blend(covariance, Knee, .97).ToDense();
        AssertEqual(dense, Blend(covariance * 1e6, Knee, .97).ToDense(), 1e-11);
        AssertEqual(rotation * dense * rotation.Transpose(), Blend(rotation * covariance * rotation.Transpose(), Knee, .97).ToDense(), 1e-11);
    }

    [TestMethod]
    public void Equal_eigenvalues_inside_the_null_space_leave_no_trace()
    {
        // The solver may return any basis of the three.
        AssertEqual(Blend(WithSpectrum(7, 9, 1, 1, 1), Knee, .97).ToDense(), Blend(WithSpectrum(7, 9, 1 + 1e-9, 1, 1 - 1e-9), Knee, .97).ToDense(), 1e-9);
    }

    [TestMethod]
    public void The_edges_are_as_they_should_be()
    {
        Matrix<double> covariance = WithSpectrum(8, 9, 4, 1), identity = DenseMatrix.CreateIdentity(3);
        AssertEqual(identity, Blend(covariance, Knee, 0).ToDense());
        AssertEqual(identity * .03, Blend(covariance, Knee with { Given = 0 }, .97).ToDense(), 1e-12);
        AssertEqual(identity * 0, Blend(covariance, Knee with { Given = 0 }, 1, normalise: false).ToDense(), 1e-12);
        AssertEqual(identity / Math.Sqrt(3), Blend(covariance, Knee with { Given = 3 }, 1).ToDense());
        AssertEqual(identity, Blend(identity * 0, Knee, .97).ToDense());
        AssertEqual(DenseMatrix.CreateIdentity(2), Blend(WithSpectrum(9, 9, 4), Knee, .97).ToDense());
        AssertEqual(DenseMatrix.CreateIdentity(1), Blend(Dense([3.0]), Knee, .97).ToDense());
    }

    [TestMethod]
    public void Further_directions_are_protected_whatever_the_spectrum_says()
    {
        Vector<double> direction = Vector<double>.Build.Dense([1, 2, 3, 4, 5]);
        BlendedProjector blended = SiteNullSpaces.Blend(WithSpectrum(10, 9, 4, 1e-13, 1e-13, 1e-13), [direction, direction * 2], new NullityQuery(NullityRule.Tolerance), 1, normalise: false).Projector;
        Assert.AreEqual(2, blended.Nullity, "the second direction is no new one");
        Assert.IsTrue((blended.ToDense() * direction).L2Norm() < 1e-12);
    }
}
