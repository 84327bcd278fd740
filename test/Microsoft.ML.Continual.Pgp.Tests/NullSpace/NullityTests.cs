namespace Microsoft.ML.Continual.Pgp.Tests.NullSpace;

/// <summary>Where null spaces begin, on spectra worked out by hand.</summary>
[TestClass]
public sealed class NullityTests
{
    private static readonly NullityQuery Knee = new(NullityRule.Knee), KneePastTies = Knee with { PastTies = true }, BehindKnee = new(NullityRule.BehindKnee);

    [TestMethod]
    [DataRow(new[] { 10.0, 1, .5, .4 }, 1, 1, 2)]
    [DataRow(new[] { 10.0, 9, 1, .5 }, 2, 2, 3)]
    [DataRow(new[] { 8.0, 4, 2, 1 }, 1, 1, 2)]
    [DataRow(new[] { 4.0, 3, 2, 1 }, 1, 1, 2)]               // all differences are equal: the first
    [DataRow(new[] { 5.0, 3, 1e-9, 1e-10 }, 2, 2, 3)]
    [DataRow(new[] { 5.0, 3, 0, 0 }, 2, 3, 3)]               // exact ties
    [DataRow(new[] { 0.0, 0, 0, 0 }, 1, 3, 2)]
    [DataRow(new[] { 1.0, 1, 1, 1 }, 1, 3, 2)]
    [DataRow(new[] { 9.0, 5, 2 }, 1, 1, 2)]
    public void A_knee_of_few_values_is_the_largest_second_difference(double[] values, int code, int pastTies, int paper)
    {
        Assert.AreEqual(code, Nullity.FirstNull(values, Knee));
        Assert.AreEqual(pastTies, Nullity.FirstNull(values, KneePastTies));
        Assert.AreEqual(paper, Nullity.FirstNull(values, BehindKnee));
    }

    [TestMethod]
    [DataRow(0.0, 1)]
    [DataRow(.25, 2)]
    [DataRow(.5, 4)]
    [DataRow(.99, 7)]
    [DataRow(1.0, 2)]
    [DataRow(2.0, 3)]
    [DataRow(-1.0, 0)]
    [DataRow(100.0, 7)]
    public void An_offset_moves_the_knee_by_a_share_or_by_places(double offset, int expected) =>
        Assert.AreEqual(expected, Nullity.FirstNull([10, 1, .5, .4, .3, .2, .1, .05], Knee with { Offset = offset }));

    [TestMethod]
    [DataRow(128)]
    [DataRow(256)]
    [DataRow(384)]
    [DataRow(768)]
    public void Long_spectra_are_smoothed_first(int n)
    {
        AssertKnee(18, i => 1.0 / (i + 1));
        AssertKnee(25, i => Math.Exp(-i / 20.0));
        AssertKnee(30, i => Math.Exp(-i / 50.0));
        AssertKnee(n / 2, i => Math.Max(1e-3 * (1 - (double)i / n), 1 - 2.0 * i / n));
        AssertKnee(n switch { 128 => 21, _ => n / 8 }, i => Math.Max(1e-3 * (n - i) / n, 1 - 8.0 * i / n));   // near the end smoothing moves it

        void AssertKnee(int expected, Func<int, double> value) => Assert.AreEqual(expected, Nullity.FirstNull([.. Enumerable.Range(0, n).Select(i => (double)(float)value(i))], Knee));
    }

    [TestMethod]
    public void The_filter_keeps_its_sum_and_mirrors_the_ends()
    {
        double[] impulse = new double[200], ramp = [.. Enumerable.Range(0, 128).Select(i => (double)i)];
        impulse[100] = 1;
        double[] smooth = SpectrumSmoother.Gaussian(impulse, 10);
        Assert.AreEqual(.0398963, smooth[100], 1e-7);
        Assert.AreEqual(.0241983, smooth[110], 1e-7);
        Assert.AreEqual(1.33837e-5, smooth[140], 1e-9);
        Assert.AreEqual(0.0, smooth[141]);
        Assert.AreEqual(1, smooth.Sum(), 1e-12);
        double[] smoothRamp = SpectrumSmoother.Gaussian(ramp, 10);
        Assert.AreEqual(7.49037, smoothRamp[0], 1e-5);
        Assert.AreEqual(7.56997, smoothRamp[1], 1e-5);
        Assert.AreEqual(64, smoothRamp[64], 1e-9);
        Assert.AreEqual(119.50963, smoothRamp[127], 1e-5);
        Assert.AreEqual(2.5, SpectrumSmoother.Gaussian([2.5, 2.5], 10)[1], 1e-12, "shorter than the filter's reach");
    }

    [TestMethod]
    public void The_other_rules_cut_at_a_bound()
    {
        double[] values = [100, 10, 2, 1];
        Assert.AreEqual(2, Nullity.FirstNull(values, new NullityQuery(NullityRule.Multiple, Multiple: 2)));
        Assert.AreEqual(3, Nullity.FirstNull(values, new NullityQuery(NullityRule.Multiple, Multiple: 1)), "the smallest is always in it");
        Assert.AreEqual(2, Nullity.FirstNull(values, new NullityQuery(NullityRule.Tolerance, Tolerance: .05)));
        Assert.AreEqual(4, Nullity.FirstNull(values, new NullityQuery(NullityRule.Tolerance)), "nothing is null");
        Assert.AreEqual(4, Nullity.FirstNull(values, Knee with { Given = 0 }));
        Assert.AreEqual(0, Nullity.FirstNull(values, Knee with { Given = 9 }));
    }

    [TestMethod]
    public void Two_values_have_no_knee()
    {
        foreach (NullityQuery query in new[] { Knee, BehindKnee })
        {
            Assert.IsNull(Nullity.FirstNull([2, 1], query));
            Assert.IsNull(Nullity.FirstNull([2], query));
        }
        Assert.AreEqual(1, Nullity.FirstNull([2, 1], Knee with { Given = 1 }));
    }
}
