using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;
using static Microsoft.ML.Continual.Pgp.Tests.Matrices;

namespace Microsoft.ML.Continual.Pgp.Tests;

/// <summary>What must hold for any data, tried on seeded random ones.</summary>
[TestClass]
public sealed class SubspaceBasisPropertyTests
{
    private static IEnumerable<(Random Random, int Dimension, int Rows, double Energy, int Power)> Draws()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            yield return (random, random.Next(1, 13), random.Next(1, 25), random.NextDouble(), seed % 2 == 0 ? 2 : 4);
        }
    }

    [TestMethod]
    public void Projector_is_symmetric_idempotent_and_of_the_right_trace_and_never_lengthens_a_row()
    {
        foreach (var (random, d, n, energy, power) in Draws())
        {
            SubspaceBasis basis = SubspaceBasis.Empty(d);
            for (int task = 0; task < 3; task++)
            {
                basis = basis.Grow(Gram(Gaussian(random, n, d)), new SubspaceRule(energy, power)).Basis;
                Matrix<double> p = basis.FreeProjector();
                AreClose(p, p.Transpose(), 1e-14);
                AreClose(p, p * p, 1e-13);
                Assert.AreEqual(d - basis.Rank, p.Trace(), 1e-12);
                foreach (double value in new SymmetricEigen(p).Values) Assert.IsTrue(Math.Min(Math.Abs(value), Math.Abs(value - 1)) < 1e-12);
                Matrix<double> g = Gaussian(random, 5, d), projected = basis.Apply(g);
                AreClose(g * p, projected, 1e-12);
                AreClose(projected, basis.Apply(projected), 1e-12, "twice");
                for (int row = 0; row < 5; row++)
                {
                    Assert.IsTrue(projected.Row(row).L2Norm() <= g.Row(row).L2Norm() + 1e-12);
                    Assert.AreEqual(projected.Row(row) * projected.Row(row), g.Row(row) * projected.Row(row), 1e-10, "the projected direction still descends");
                }
                if (basis.Rank > 0)
                {
                    Matrix<double> f = Matrix<double>.Build.DenseOfRowMajor(d, basis.Rank, basis.ToRowMajorArray());
                    AreClose(Matrix<double>.Build.DenseIdentity(basis.Rank), f.TransposeThisAndMultiply(f), 1e-14, "FᵀF");
                }
            }
        }
    }

    [TestMethod]
    public void Growing_keeps_the_old_span_and_the_old_columns_bit_for_bit()
    {
        foreach (var (random, d, n, energy, power) in Draws())
        {
            SubspaceBasis old = SubspaceBasis.Empty(d).Grow(Gram(Gaussian(random, n, d)), new SubspaceRule(energy, power)).Basis;
            SubspaceBasis grown = old.Grow(Gram(Gaussian(random, n, d)), new SubspaceRule(Math.Min(1, energy + .2), power)).Basis;
            Assert.IsTrue(grown.Rank >= old.Rank && grown.Rank <= d);
            AreClose(old.Projector(), grown.Projector() * old.Projector(), 1e-13);
            double[] before = old.ToRowMajorArray(), after = grown.ToRowMajorArray();
            for (int row = 0; row < d; row++)
                for (int column = 0; column < old.Rank; column++)
                    Assert.AreEqual(before[row * old.Rank + column], after[row * grown.Rank + column]);
        }
    }

    [TestMethod]
    public void Growth_agrees_with_the_singular_values_of_the_residual_itself()
    {
        foreach (var (random, d, n, energy, _) in Draws())
        {
            SubspaceBasis old = SubspaceBasis.Empty(d).Grow(Gram(Gaussian(random, n, d)), new SubspaceRule(.5)).Basis;
            Matrix<double> x = Gaussian(random, n, d);
            SubspaceGrowth growth = old.Grow(Gram(x), new SubspaceRule(energy));
            double total = x.FrobeniusNorm() * x.FrobeniusNorm();
            Svd<double> svd = old.Apply(x).Svd();
            double covered = 1 - svd.S.Sum(s => s * s) / total;
            Assert.AreEqual(covered, growth.EnergyBefore, 1e-12);
            int rank = 0;
            while (covered < energy && rank < svd.S.Count && svd.S[rank] > 1e-6) { covered += svd.S[rank] * svd.S[rank] / total; rank++; }
            Assert.AreEqual(rank, growth.Added);
            Assert.AreEqual(covered, growth.EnergyAfter, 1e-12);
            if (rank == 0) continue;
            Matrix<double> v = svd.VT.SubMatrix(0, rank, 0, d);
            AreClose(old.Projector() + v.TransposeThisAndMultiply(v), growth.Basis.Projector(), 1e-9);
        }
    }

    [TestMethod]
    public void Order_rotation_and_scale_of_the_rows_do_not_matter()
    {
        foreach (var (random, d, n, energy, power) in Draws())
        {
            var rule = new SubspaceRule(energy, power);
            Matrix<double> x = Gaussian(random, n, d);
            Matrix<double> expected = SubspaceBasis.Empty(d).Grow(Gram(x), rule).Basis.Projector();
            int[] order = Enumerable.Range(0, n).OrderBy(_ => random.Next()).ToArray();
            Matrix<double> shuffled = Matrix<double>.Build.Dense(n, d, (i, j) => x[order[i], j]);
            AreClose(expected, SubspaceBasis.Empty(d).Grow(Gram(shuffled), rule).Basis.Projector(), 1e-9, "order");
            Matrix<double> rotation = Gaussian(random, n, n).QR().Q;
            AreClose(expected, SubspaceBasis.Empty(d).Grow(Gram(rotation * x), rule).Basis.Projector(), 1e-9, "rotation");
            foreach (double scale in new[] { 1e-60, 1e-3, 1e7, 1e60 })
                AreClose(expected, SubspaceBasis.Empty(d).Grow(Gram(x * scale), rule).Basis.Projector(), 1e-9, $"scale {scale}");
        }
    }

    [TestMethod]
    public void Energy_zero_protects_nothing_and_energy_one_everything()
    {
        foreach (var (random, d, n, _, power) in Draws())
        {
            Matrix<double> x = Gaussian(random, n, d);
            Assert.AreEqual(0, SubspaceBasis.Empty(d).Grow(Gram(x), new SubspaceRule(0, power)).Basis.Rank);
            SubspaceBasis all = SubspaceBasis.Empty(d).Grow(Gram(x), new SubspaceRule(1, power)).Basis;
            Assert.AreEqual(Math.Min(n, d), all.Rank);
            Assert.IsTrue(Largest(all.Apply(x)) < 1e-6 * Largest(x));
            if (n >= d) Assert.IsTrue(Largest(all.FreeProjector()) < 1e-13, "full rank leaves nothing free");
        }
    }

    [TestMethod]
    public void The_same_task_twice_adds_nothing()
    {
        foreach (var (random, d, n, energy, power) in Draws())
        {
            Matrix<double> gram = Gram(Gaussian(random, n, d));
            foreach (double e in new[] { energy, .5, .95, 1 })
            {
                SubspaceBasis once = SubspaceBasis.Empty(d).Grow(gram, new SubspaceRule(e, power)).Basis;
                SubspaceGrowth again = once.Grow(gram, new SubspaceRule(e, power));
                Assert.AreEqual(0, again.Added, $"d {d}, n {n}, energy {e}, power {power}");
                Assert.AreSame(once, again.Basis);
            }
        }
    }

    [TestMethod]
    public void Merging_spans_both_and_is_the_same_either_way()
    {
        foreach (var (random, d, _, _, _) in Draws())
        {
            SubspaceBasis a = SubspaceBasis.Empty(d).Grow(Gram(Gaussian(random, 1 + d / 3, d)), new SubspaceRule(1)).Basis;
            SubspaceBasis b = SubspaceBasis.Empty(d).Grow(Gram(Gaussian(random, 1 + d / 4, d)), new SubspaceRule(1)).Basis;
            SubspaceBasis merged = a.Merge(b);
            Assert.AreEqual(Math.Min(d, a.Rank + b.Rank), merged.Rank);
            AreClose(b.Projector(), merged.Projector() * b.Projector(), 1e-12);
            AreClose(merged.Projector(), b.Merge(a).Projector(), 1e-10);
            Assert.AreSame(a, a.Merge(SubspaceBasis.Empty(d)));
            Assert.AreSame(b, SubspaceBasis.Empty(d).Merge(b));
        }
    }

    [TestMethod]
    public void A_hundred_small_updates_stay_orthonormal_and_end_at_the_dimension()
    {
        var random = new Random(5);
        const int d = 96;
        SubspaceBasis basis = SubspaceBasis.Empty(d);
        for (int task = 0; task < 100; task++) basis = basis.Grow(Gram(OfRank(random, 20, d, 2)), new SubspaceRule(1)).Basis;
        Assert.AreEqual(d, basis.Rank);
        AreClose(Matrix<double>.Build.DenseIdentity(d), basis.Projector(), 1e-12);
        Assert.AreSame(basis, basis.Grow(Gram(Gaussian(random, 10, d)), new SubspaceRule(1)).Basis);
    }

    [TestMethod]
    public void Float32_data_of_low_rank_give_their_true_rank()
    {
        // Features as a float32 network makes them: a product of float32 factors, each entry rounded, some with a large mean.
        foreach (int d in new[] { 16, 64, 192 })
            foreach (int rank in new[] { 1, d / 4, d - 1 })
                foreach (double offset in new[] { 0.0, 30.0 })
                {
                    var random = new Random(d + rank);
                    Matrix<double> left = Gaussian(random, 3 * d, rank), right = Gaussian(random, rank, d);
                    for (int i = 0; i < left.RowCount; i++) left[i, 0] += offset;
                    float[] a = Array.ConvertAll(left.ToRowMajorArray(), v => (float)v), b = Array.ConvertAll(right.ToRowMajorArray(), v => (float)v);
                    Matrix<double> x = Matrix<double>.Build.Dense(3 * d, d, (i, j) =>
                    {
                        float sum = 0;
                        for (int k = 0; k < rank; k++) sum += a[i * rank + k] * b[k * d + j];
                        return sum;
                    });
                    SubspaceBasis basis = SubspaceBasis.Empty(d).Grow(Gram(x), new SubspaceRule(1)).Basis;
                    Assert.AreEqual(rank, basis.Rank, $"d {d}, rank {rank}, offset {offset}");
                    Assert.IsTrue(basis.Apply(x).FrobeniusNorm() < 1e-6 * x.FrobeniusNorm(), "what is left is float32 rounding");
                }
    }

    [TestMethod]
    public void Bad_input_is_named()
    {
        SubspaceBasis basis = SubspaceBasis.Empty(3);
        var rule = new SubspaceRule(.5);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => basis.Grow(Matrix<double>.Build.Dense(2, 3), rule)).Message, "[2, 3]");
        foreach (double bad in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            Matrix<double> gram = Matrix<double>.Build.DenseIdentity(3);
            gram[2, 1] = bad;
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => basis.Grow(gram, rule)).Message, "NaN");
        }
        Assert.ThrowsExactly<ArgumentException>(() => basis.Grow(Matrix<double>.Build.DenseIdentity(3), new SubspaceRule(1.01)));
        Assert.ThrowsExactly<ArgumentException>(() => basis.Grow(Matrix<double>.Build.DenseIdentity(3), new SubspaceRule(.5, 3)));
        Assert.ThrowsExactly<ArgumentException>(() => basis.Grow(Matrix<double>.Build.DenseIdentity(3), new SubspaceRule(double.NaN)));
        Assert.ThrowsExactly<ArgumentException>(() => basis.Apply(Matrix<double>.Build.Dense(1, 2)));
        Assert.ThrowsExactly<ArgumentException>(() => basis.Merge(SubspaceBasis.Empty(2)));
        Assert.ThrowsExactly<ArgumentException>(() => SubspaceBasis.FromOrthonormal(2, 1, [1, 1]));
        Assert.ThrowsExactly<ArgumentException>(() => SubspaceBasis.FromOrthonormal(2, 1, [1]));
        Assert.ThrowsExactly<ArgumentException>(() => SubspaceBasis.FromOrthonormal(3, 2, [1, 0, 0, 1, 0, double.NaN]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => SubspaceBasis.Empty(0));
    }

    [TestMethod]
    public void Data_without_energy_change_nothing()
    {
        SubspaceBasis basis = SubspaceBasis.FromOrthonormal(3, 1, [0, 1, 0]);
        Assert.AreSame(basis, basis.Grow(Matrix<double>.Build.Dense(3, 3), new SubspaceRule(1)).Basis);
        Assert.AreEqual(0, SubspaceBasis.Empty(3).Grow(Matrix<double>.Build.Dense(3, 3), new SubspaceRule(1, 4)).Basis.Rank);
    }

    [TestMethod]
    public void A_basis_goes_through_its_array_bit_for_bit()
    {
        SubspaceBasis basis = SubspaceBasis.Empty(7).Grow(Gram(Gaussian(new Random(3), 4, 7)), new SubspaceRule(.9)).Basis;
        CollectionAssert.AreEqual(basis.ToRowMajorArray(), SubspaceBasis.FromOrthonormal(7, basis.Rank, basis.ToRowMajorArray()).ToRowMajorArray());
        Assert.AreEqual(0, SubspaceBasis.FromOrthonormal(7, 0, []).Rank);
        AreClose(Matrix<double>.Build.DenseIdentity(7), SubspaceBasis.Empty(7).FreeProjector(), 0);
    }

    [TestMethod]
    public void Scores_have_the_sign_rule_and_the_gram_matrix_of_the_data()
    {
        var random = new Random(9);
        Matrix<double> y = Gaussian(random, 6, 9);
        Matrix<double> scores = PrincipalScores.FromRows(y, null, centre: false);
        AreClose(y.TransposeAndMultiply(y), scores.TransposeAndMultiply(scores), 1e-12);
        for (int c = 0; c < 6; c++) Assert.IsTrue(scores.Column(c).Max() >= -scores.Column(c).Min(), "the largest entry is positive");
        AreClose(scores.SubMatrix(0, 6, 0, 2), PrincipalScores.FromRows(y, 2, centre: false), 1e-12);
        Assert.AreEqual(6, PrincipalScores.FromRows(y, 50, centre: false).ColumnCount, "more components than rows: all there are");
    }
}
