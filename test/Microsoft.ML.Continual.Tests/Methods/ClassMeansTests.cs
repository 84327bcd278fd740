using Microsoft.ML.Continual.Methods.NearestClassMean;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>Class means by numbers worked out by hand.</summary>
[TestClass]
public sealed class ClassMeansTests
{
    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    private static Tensor Features(params float[] values) => from_array(values).view(-1, 2);

    private static Tensor Labels(params long[] labels) => from_array(labels);

    // Class 0: (1, 0), (.8, .6). Class 1: (0, 2), (.6, .8), (0, 1).
    private static ClassMeans Example(ClassMeanMetric metric)
    {
        var means = new ClassMeans(2, CPU, metric);
        means.Grow(2);
        means.Add(Features(1, 0, 0, 2, .6f, .8f), Labels(0, 1, 1));
        means.Add(Features(.8f, .6f, 0, 1), Labels(0, 1));
        return means;
    }

    private static float[] Score(ClassMeans means, ClassMeanMetric metric, params float[] feature)
    {
        Tensor prototypes = means.Prototypes();
        return MethodBench.Values(ClassMeans.Score(Features(feature), prototypes, means.Offsets(prototypes), metric));
    }

    [TestMethod]
    public void Cosines_and_distances_are_the_ones_worked_out_by_hand()
    {
        using ClassMeans cosine = Example(ClassMeanMetric.Cosine), euclid = Example(ClassMeanMetric.Euclid), norm = Example(ClassMeanMetric.CosineNorm);
        AssertNear([.9f, .3f, .2f, 1.26666667f], MethodBench.Values(euclid.Prototypes()));
        AssertNear([.83205029f, .87544464f], Score(cosine, ClassMeanMetric.Cosine, .7f, .9f));
        float[] distances = [.. Score(euclid, ClassMeanMetric.Euclid, .7f, .9f).Select(s => .7f * .7f + .9f * .9f - s)];
        AssertNear([.4f, .38444444f], distances);
        // Features of length 1: class 1 is the mean of (0, 1), (.6, .8), (0, 1), and (.2, .9333…) has the length .95452.
        AssertNear([.83205029f, (.7f * .2f + .9f * .93333333f) / (1.14017543f * .95452140f)], Score(norm, ClassMeanMetric.CosineNorm, .7f, .9f));
    }

    [TestMethod]
    [DataRow(ClassMeanMetric.Cosine)]
    [DataRow(ClassMeanMetric.CosineNorm)]
    public void The_length_of_a_feature_does_not_matter_to_cosines(ClassMeanMetric metric)
    {
        using ClassMeans means = Example(metric);
        AssertNear(Score(means, metric, .7f, .9f), Score(means, metric, 70, 90));
        Assert.IsTrue(Score(means, metric, 0, 0).All(s => s == 0), "a feature of zeros is like no class");
    }

    [TestMethod]
    [DataRow(ClassMeanMetric.Cosine)]
    [DataRow(ClassMeanMetric.Euclid)]
    [DataRow(ClassMeanMetric.CosineNorm)]
    public void A_class_without_an_image_never_wins(ClassMeanMetric metric)
    {
        using var means = new ClassMeans(2, CPU, metric);
        means.Grow(3);
        means.Add(Features(-5, -5, -9, 3), Labels(0, 2));
        float[] scores = Score(means, metric, 1, 1);   // far from both; the zeros of class 1 would be nearer
        Assert.IsTrue(float.IsNegativeInfinity(scores[1]) && float.IsFinite(scores[0]) && float.IsFinite(scores[2]));
    }

    [TestMethod]
    public void New_classes_leave_old_means_bit_for_bit_and_new_images_move_their_own_class_alone()
    {
        using ClassMeans means = Example(ClassMeanMetric.Cosine);
        float[] before = MethodBench.Values(means.Prototypes());
        means.Grow(4);
        means.Add(Features(3, 1, 1, 5, 2, 2), Labels(2, 3, 2));
        CollectionAssert.AreEqual(before, MethodBench.Values(means.Prototypes())[..4]);
        means.Add(Features(0, 3), Labels(0));
        float[] after = MethodBench.Values(means.Prototypes());
        CollectionAssert.AreNotEqual(before[..2], after[..2]);
        CollectionAssert.AreEqual(before[2..], after[2..4]);
        Assert.ThrowsExactly<ArgumentException>(() => means.Grow(3));
    }

    [TestMethod]
    public void A_state_of_another_metric_or_width_is_refused()
    {
        using ClassMeans means = Example(ClassMeanMetric.Cosine), other = new(2, CPU, ClassMeanMetric.Euclid), wider = new(3, CPU, ClassMeanMetric.Cosine);
        using var state = new StateDictionary();
        means.SaveState(state);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => other.LoadState(state)).Message, "expected 'Euclid'");
        Assert.ThrowsExactly<InvalidDataException>(() => wider.LoadState(state));
        Assert.AreEqual((0, 0), (other.ClassCount, wider.ClassCount));
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 2e-6f, $"entry {i}");
    }
}
