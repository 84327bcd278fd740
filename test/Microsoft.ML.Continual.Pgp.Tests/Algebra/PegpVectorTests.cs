using MathNet.Numerics.LinearAlgebra;

namespace Microsoft.ML.Continual.Pgp.Tests.Algebra;

/// <summary>Vectors worked out by hand for PEGP's subspaces and projection: fourth powers, one direction short in the first task, one over in later ones.</summary>
[TestClass]
public sealed class PegpVectorTests
{
    private const double Tight = 1e-12;

    private static SubspaceRule First(double energy) => new(energy, 4, RankRule.CountBelow);

    private static SubspaceRule Later(double energy) => new(energy, 4);

    private static SubspaceBasis Spanned(params double[][] directions)
    {
        Matrix<double> rows = Matrix<double>.Build.DenseOfRowArrays(directions);
        return SubspaceBasis.Empty(rows.ColumnCount).Grow(Matrices.Gram(rows), new SubspaceRule(1)).Basis;
    }

    [TestMethod]
    [DataRow(0.80, 0)]
    [DataRow(0.90, 1)]
    [DataRow(0.99, 2)]
    [DataRow(0.995, 2)]
    public void V1_a_first_task_stops_one_direction_short(double energy, int rank)
    {
        SubspaceGrowth growth = SubspaceBasis.Empty(3).Grow(Matrices.Gram(Matrices.Of(new double[,] { { 3, 0, 0 }, { 0, 2, 0 }, { 0, 0, 1 } })), First(energy));
        Assert.AreEqual(rank, growth.Basis.Rank);
        Matrix<double> expected = Matrix<double>.Build.Dense(3, 3, (i, j) => i == j && i < rank ? 1 : 0);
        Matrices.AreClose(expected, growth.Basis.Projector(), Tight);
        Assert.AreEqual(new[] { 0, 81, 97 }[rank] / 98.0, growth.EnergyAfter, Tight);
    }

    [TestMethod]
    public void V2_a_later_task_adds_until_the_energy_is_reached()
    {
        SubspaceGrowth growth = Spanned([1, 0, 0], [0, 1, 0]).Grow(Matrices.Gram(Matrices.Of(new double[,] { { 0, 0, 2 }, { 1, 0, 0 } })), Later(0.99));
        Assert.AreEqual(1, growth.Added);
        Assert.AreEqual(1.0 / 17, growth.EnergyBefore, Tight);
        Matrices.AreClose(Matrix<double>.Build.DenseIdentity(3), growth.Basis.Projector(), Tight);
    }

    [TestMethod]
    public void V3_a_gradient_loses_its_part_in_the_protected_span()
    {
        Matrix<double> gradient = Matrices.Of(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Matrices.AreClose(Matrices.Of(new double[,] { { 0, 0, 3 }, { 0, 0, 6 } }), Spanned([1, 0, 0], [0, 1, 0]).Apply(gradient), Tight);
        Matrices.AreClose(Matrices.Of(new double[,] { { -0.5, 0.5, 3 }, { -0.5, 0.5, 6 } }), Spanned([1, 1, 0]).Apply(gradient), Tight);
        Matrices.AreClose(Matrices.Of(new double[2, 3]), Spanned([1, 0, 0], [0, 1, 0], [0, 0, 1]).Apply(gradient), Tight);
    }

    [TestMethod]
    public void V4_Adams_first_step_leaves_the_free_space_and_a_projected_update_does_not()
    {
        SubspaceBasis basis = Spanned([2, 1]);
        double[] direction = [2 / Math.Sqrt(5), 1 / Math.Sqrt(5)];
        Matrix<double> gradient = basis.Apply(Matrices.Of(new double[,] { { 1, -2 } }));
        Matrices.AreClose(Matrices.Of(new double[,] { { 1, -2 } }), gradient, Tight, "it is free already");
        Matrix<double> step = gradient.Map(g => (double)Math.Sign(g));   // Adam's first step has the rate's size in every entry
        Assert.AreEqual(1 / Math.Sqrt(5), step[0, 0] * direction[0] + step[0, 1] * direction[1], Tight);
        Matrix<double> allowed = basis.Apply(step);
        Matrices.AreClose(Matrices.Of(new double[,] { { 0.6, -1.2 } }), allowed, Tight);
        Assert.AreEqual(0, allowed[0, 0] * direction[0] + allowed[0, 1] * direction[1], Tight);
    }

    [TestMethod]
    public void A_projected_gradient_still_goes_downhill()
    {
        var random = new Random(3);
        for (int trial = 0; trial < 50; trial++)
        {
            SubspaceBasis basis = SubspaceBasis.Empty(8).Grow(Matrices.Gram(Matrices.OfRank(random, 20, 8, 1 + trial % 7)), new SubspaceRule(0.99)).Basis;
            Matrix<double> gradient = Matrices.Gaussian(random, 3, 8), projected = basis.Apply(gradient);
            Assert.IsGreaterThanOrEqualTo(0.0, gradient.PointwiseMultiply(projected).Enumerate().Sum());
        }
    }
}
