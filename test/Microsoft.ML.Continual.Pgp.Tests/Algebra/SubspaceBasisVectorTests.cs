using static Microsoft.ML.Continual.Pgp.Tests.Matrices;

namespace Microsoft.ML.Continual.Pgp.Tests;

/// <summary>Worked examples whose numbers can be checked by hand.</summary>
[TestClass]
public sealed class SubspaceBasisVectorTests
{
    private static SubspaceBasis Basis(double[,] rows, double energy, int power = 2) =>
        SubspaceBasis.Empty(rows.GetLength(1)).Grow(Gram(Of(rows)), new SubspaceRule(energy, power)).Basis;

    [TestMethod]
    [DataRow(0.0, new[] { 1.0, 1, 1, 1 })]
    [DataRow(0.9, new[] { 0.0, 0, 1, 1 })]
    [DataRow(1.0, new[] { 0.0, 0, 0, 1 })]
    public void TV1_the_leading_axes_of_diagonal_data_are_protected(double energy, double[] free)
    {
        SubspaceBasis basis = Basis(new double[,] { { 3, 0, 0, 0 }, { 0, 2, 0, 0 }, { 0, 0, 1, 0 } }, energy);
        AreClose(MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfDiagonalArray(free), basis.FreeProjector(), 1e-15);
    }

    [TestMethod]
    public void TV2_equal_singular_values_give_one_projector()
    {
        var x = new double[,] { { 1, 1, 1, 1 }, { 1, 1, -1, -1 }, { 0, 0, 0, 0 } };
        SubspaceBasis basis = Basis(x, 1);
        Assert.AreEqual(2, basis.Rank);
        AreClose(Of(new[,] { { .5, -.5, 0, 0 }, { -.5, .5, 0, 0 }, { 0, 0, .5, -.5 }, { 0, 0, -.5, .5 } }), basis.FreeProjector(), 1e-14);
        AreClose(Of(new double[,] { { 1, -1, -1, 1 } }), basis.Apply(Of(new double[,] { { 4, 2, 1, 3 } })), 1e-14);
        Assert.IsTrue(Largest(basis.Apply(Of(x))) < 1e-14);
    }

    [TestMethod]
    [DataRow(0.60, 1, new[] { .574765, -.352133, -.195964, -.286375 })]
    [DataRow(0.90, 2, new[] { .314956, .067131, -.315141, -.334572 })]
    [DataRow(0.95, 3, new[] { .25, .083333, -.083333, -.416667 })]
    public void TV3_generic_data(double energy, int rank, double[] firstAxis)
    {
        var x = new double[,] { { 1, 2, 0, 1 }, { 0, 1, 1, 0 }, { 2, 0, 1, 1 } };
        SubspaceBasis basis = Basis(x, energy);
        Assert.AreEqual(rank, basis.Rank);
        Assert.AreEqual(4 - rank, basis.FreeProjector().Trace(), 1e-13);
        for (int i = 0; i < 4; i++) Assert.AreEqual(firstAxis[i], basis.FreeProjector()[0, i], 1e-6);
        Assert.AreEqual(rank == 3, Largest(basis.Apply(Of(x))) < 1e-12, "only all three directions annihilate the data");
    }

    [TestMethod]
    public void TV3_principal_scores_are_the_singular_vectors_times_the_singular_values()
    {
        var gram = Gram(Of(new double[,] { { 1, 2, 0, 1 }, { 0, 1, 1, 0 }, { 2, 0, 1, 1 } }));
        var scores = PrincipalScores.FromGram(gram, 3, centre: false);
        double[] eigenvalues = [9.598210742, 3.246474903, 1.155314355];
        double[,] vectors = { { .652100, -.509715, -.254865 }, { .539999, .822546, .063574 }, { .300512, -.233812, .909531 }, { .439157, -.094557, -.322111 } };
        for (int c = 0; c < 3; c++)
            for (int r = 0; r < 4; r++) Assert.AreEqual(vectors[r, c] * Math.Sqrt(eigenvalues[c]), scores[r, c], 5e-6, $"[{r}, {c}]");
    }

    [TestMethod]
    public void TV4_the_sum_of_spaces_does_not_protect_either_and_the_stack_protects_both()
    {
        var x = Of(new double[,] { { 1, 1 } });
        var p = Of(new double[,] { { 1, -1 } });
        var v = Of(new double[,] { { 0, 1 } });
        SubspaceBasis sum = SubspaceBasis.Empty(2).Grow(Gram(x + p), new SubspaceRule(1)).Basis;
        Assert.AreEqual(1, sum.Rank);
        AreClose(v, sum.Apply(v), 1e-15, "the direction that the sum leaves free");
        Assert.AreEqual(1, (x * v.Transpose())[0, 0], 1e-15);
        Assert.AreEqual(-1, (p * v.Transpose())[0, 0], 1e-15);

        SubspaceBasis stacked = SubspaceBasis.Empty(2).Grow(Gram(x) + Gram(p), new SubspaceRule(1)).Basis;
        Assert.AreEqual(2, stacked.Rank);
        Assert.IsTrue(Largest(stacked.FreeProjector()) < 1e-15);
    }

    [TestMethod]
    [DataRow(2, 0.79, 0)]
    [DataRow(2, 0.90, 1)]
    [DataRow(2, 0.97, 2)]
    [DataRow(4, 0.90, 0)]
    [DataRow(4, 0.95, 1)]
    [DataRow(4, 0.999, 2)]
    public void TV5_residual_update(int power, double energy, int added)
    {
        SubspaceBasis old = SubspaceBasis.FromOrthonormal(3, 1, [1, 0, 0]);
        var rows = Of(new[,] { { 2, 0, 0 }, { 1, 1, 0 }, { 0, 0, .5 } });
        SubspaceGrowth growth = old.Grow(Gram(rows), new SubspaceRule(energy, power));
        Assert.AreEqual(added, growth.Added);
        Assert.AreEqual(power == 2 ? .8 : .926503, growth.EnergyBefore, 5e-7);
        Assert.AreEqual(power == 2 ? .16 : .071269, growth.ResidualEnergies[0], 5e-7);
        Assert.AreEqual(power == 2 ? .04 : .002227, growth.ResidualEnergies[1], 5e-7);
        if (added >= 1) Assert.AreEqual(1, growth.Basis.Projector()[1, 1], 1e-14, "e₂ comes first");
        if (added == 2) Assert.AreEqual(1, growth.Basis.Projector()[2, 2], 1e-14);
    }

    [TestMethod]
    public void TV6_a_basis_of_images_does_not_protect_channels()
    {
        var x = Of(new double[,] { { 1, 0 }, { 1, 0 } });   // two images in a world of two channels
        var g = Of(new double[,] { { 1, 0 } });
        SubspaceBasis channels = SubspaceBasis.Empty(2).Grow(Gram(x), new SubspaceRule(1)).Basis;
        AreClose(Of(new double[,] { { 0, 0 } }), channels.Apply(g), 1e-15);

        SubspaceBasis images = SubspaceBasis.Empty(2).Grow(x.TransposeAndMultiply(x), new SubspaceRule(1)).Basis;
        AreClose(Of(new[,] { { .5, -.5 } }), images.Apply(g), 1e-15);
        Assert.AreEqual(.5, (x * images.Apply(g).Transpose())[0, 0], 1e-15);
    }

    [TestMethod]
    public void TV10_centred_scores()
    {
        var y = Of(new double[,] { { 1, 2, 0 }, { 3, 0, 1 }, { 0, 1, 4 }, { 2, 2, 2 } });
        var scores = PrincipalScores.FromRows(y, null, centre: true);
        double[] sigma = [3.293582, 2.121320, 1.073462], first = [-1.227531, -1.437449, 2.696955, -.031975];
        for (int c = 0; c < 3; c++) Assert.AreEqual(sigma[c], scores.Column(c).L2Norm(), 1e-6);
        for (int r = 0; r < 4; r++) Assert.AreEqual(first[r], scores[r, 0], 1e-6);
        Assert.AreEqual(4, scores.ColumnCount);
        Assert.IsTrue(scores.Column(3).L2Norm() < 1e-7, "centred data of four rows have rank three");
    }
}
