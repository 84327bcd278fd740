namespace Microsoft.ML.Continual.Pgp.Tests;

[TestClass]
public sealed class EnergyRankTests
{
    // TV-1: σ = (3, 2, 1); columns ReachThreshold σ², CountBelow σ², ReachThreshold σ⁴, CountBelow σ⁴.
    [TestMethod]
    [DataRow(0.0, 0, 0, 0, 0)]
    [DataRow(0.50, 1, 0, 1, 0)]
    [DataRow(0.65, 2, 1, 1, 0)]
    [DataRow(0.90, 2, 1, 2, 1)]
    [DataRow(0.93, 3, 2, 2, 1)]
    [DataRow(0.97, 3, 2, 2, 1)]
    [DataRow(0.99, 3, 2, 3, 2)]
    public void Rank_rules_count_as_in_the_table(double energy, int reach2, int below2, int reach4, int below4)
    {
        var x = Matrices.Of(new double[,] { { 3, 0, 0, 0 }, { 0, 2, 0, 0 }, { 0, 0, 1, 0 } });
        int Rank(int power, RankRule rule) => SubspaceBasis.Empty(4).Grow(Matrices.Gram(x), new SubspaceRule(energy, power, rule)).Basis.Rank;
        Assert.AreEqual(reach2, Rank(2, RankRule.ReachThreshold), "reach, power 2");
        Assert.AreEqual(below2, Rank(2, RankRule.CountBelow), "below, power 2");
        Assert.AreEqual(reach4, Rank(4, RankRule.ReachThreshold), "reach, power 4");
        Assert.AreEqual(below4, Rank(4, RankRule.CountBelow), "below, power 4");
    }

    [TestMethod]
    public void Counting_starts_from_the_energy_that_is_held_already()
    {
        Assert.AreEqual(0, EnergyRank.Count(RankRule.ReachThreshold, [0.16, 0.04], 0.79, covered: 0.8));
        Assert.AreEqual(1, EnergyRank.Count(RankRule.ReachThreshold, [0.16, 0.04], 0.90, covered: 0.8));
        Assert.AreEqual(2, EnergyRank.Count(RankRule.ReachThreshold, [0.16, 0.04], 0.97, covered: 0.8));
        Assert.AreEqual(1, EnergyRank.Count(RankRule.CountBelow, [0.16, 0.04], 0.97, covered: 0.8));
    }

    [TestMethod]
    public void A_sum_one_rounding_short_of_the_energy_reaches_it()
    {
        double[] tenths = Enumerable.Repeat(0.1, 10).ToArray();   // ten times 0.1 sums to 0.9999999999999999
        Assert.AreEqual(3, EnergyRank.Count(RankRule.ReachThreshold, tenths, 0.3));
        Assert.AreEqual(2, EnergyRank.Count(RankRule.CountBelow, tenths, 0.3));
    }
}
