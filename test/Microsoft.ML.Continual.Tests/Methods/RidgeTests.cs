using Microsoft.ML.Continual.Methods.RanPac;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>RanPAC's regression by numbers worked out by hand, and the choice of its ridge.</summary>
[TestClass]
public sealed class RidgeTests
{
    private static readonly Action<string> s_silent = _ => { };

    private DisposeScope _scope = null!;

    [TestInitialize]
    public void Open() => _scope = NewDisposeScope();

    [TestCleanup]
    public void Close() => _scope.Dispose();

    private static Tensor Rows(int width, params float[] values) => from_array(values).clone().view(-1, width);

    private static Tensor Labels(params long[] labels) => from_array(labels).clone();

    private static RandomProjection Projection() => new(Rows(3, 1, -1, .5f, 2, 1, -1));

    // Task 1: (1, 0), (1, 1) of class 0. Task 2: (0, 1), (−1, 1) of class 1.
    private static RidgeClassifier Learned(double ridge, int times = 1)
    {
        using RandomProjection projection = Projection();
        var classifier = new RidgeClassifier(3, CPU);
        classifier.Grow(1);
        for (int i = 0; i < times; i++) classifier.Add(projection.Apply(Rows(2, 1, 0, 1, 1)), Labels(0, 0));
        classifier.Solve(ridge, s_silent);
        classifier.Grow(2);
        for (int i = 0; i < times; i++) classifier.Add(projection.Apply(Rows(2, 0, 1, -1, 1)), Labels(1, 1));
        classifier.Solve(ridge, s_silent);
        return classifier;
    }

    [TestMethod]
    public void Sums_weights_and_scores_are_the_ones_worked_out_by_hand()
    {
        using RandomProjection projection = Projection();
        using RidgeClassifier classifier = Learned(1);
        AssertNear([1, 0, .5f, 3, 0, 0], projection.Apply(Rows(2, 1, 0, 1, 1)));
        AssertNear([15, 4, .5f, 4, 5, 0, .5f, 0, .25f], classifier.Gram);
        AssertNear([.2893401f, .07614213f, -.1928934f, .44923858f, .28426396f, -.03045685f], classifier.Weights);
        AssertNear([2, 0, 0], projection.Apply(Rows(2, 1, .5f)));
        AssertNear([.5786802f, .15228426f], Score(Rows(2, 1, .5f)));
        AssertNear([.14467005f, .78807107f], Score(Rows(2, -.5f, 1)));

        Tensor Score(Tensor features) => RidgeClassifier.Score(projection.Apply(features), classifier.Weights, RidgeScoring.Linear);
    }

    [TestMethod]
    public void Cosines_divide_by_the_lengths_of_feature_and_weights()
    {
        Tensor weights = Rows(2, 2, 0, 0, .9f);   // columns of lengths 2 and .9
        AssertNear([1 / MathF.Sqrt(2), 1 / MathF.Sqrt(2)], RidgeClassifier.Score(Rows(2, 3, 3), weights, RidgeScoring.Cosine));
        AssertNear([0, 0], RidgeClassifier.Score(Rows(2, 0, 0), weights, RidgeScoring.Cosine));
        // Scores 1 and .9 with columns of the lengths 2 and 1: the order turns.
        Tensor longer = Rows(2, 1, .9f, MathF.Sqrt(3), MathF.Sqrt(1 - .81f));
        AssertNear([1, .9f], RidgeClassifier.Score(Rows(2, 1, 0), longer, RidgeScoring.Linear));
        AssertNear([.5f, .9f], RidgeClassifier.Score(Rows(2, 1, 0), longer, RidgeScoring.Cosine));
    }

    [TestMethod]
    public void All_images_twice_and_twice_the_ridge_give_the_same_weights()
    {
        using RidgeClassifier once = Learned(1), twice = Learned(2, times: 2);
        AssertNear(MethodBench.Values(once.Weights), twice.Weights);
    }

    [TestMethod]
    public void The_dual_form_and_the_primal_give_the_same_errors_and_they_are_those_of_the_regression()
    {
        var random = new SeededRandom(4);
        using var projection = new RandomProjection(5, 9, 3, CPU);
        Tensor x = random.NormalTensor(12, 5), others = random.NormalTensor(4, 5);
        Tensor y = zeros(12, 2, ScalarType.Float64), truth = zeros(4, 2, ScalarType.Float64);
        for (int i = 0; i < 12; i++) y[i, i % 2] = 1;
        for (int i = 0; i < 4; i++) truth[i, i % 2] = 1;
        double[] ridges = [1e-2, 1, 100];
        double[] dual = RidgeSelection.Errors(projection, x, y, others, truth, ridges, dual: true), primal = RidgeSelection.Errors(projection, x, y, others, truth, ridges, dual: false);
        Tensor phi = projection.Apply(x).to(ScalarType.Float64);
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(dual[i], primal[i], 1e-9);
            Tensor w = linalg.solve(phi.t().mm(phi) + eye(9, 9, ScalarType.Float64) * ridges[i], phi.t().mm(y));
            Assert.AreEqual((projection.Apply(others).to(ScalarType.Float64).mm(w) - truth).square().mean().item<double>(), dual[i], 1e-9);
        }
    }

    [TestMethod]
    public void The_ridge_is_the_one_that_predicts_images_it_has_not_seen_best()
    {
        // Labels that one direction tells, under noise in thirty others: without a ridge the noise is learned by heart.
        var random = new SeededRandom(8);
        Tensor x = random.NormalTensor(40, 31);
        Tensor labels = x.select(1, 0).lt(0).to(ScalarType.Int64);
        using var plain = new RandomProjection(31, 0, 0, CPU);
        double chosen = RidgeSelection.Choose(plain, x, labels, new SeededRandom(2))!.Value;
        Assert.IsTrue(chosen is > 1e-3 and < 1e4, $"{chosen}");
        Assert.AreEqual(chosen, RidgeSelection.Choose(plain, x, labels, new SeededRandom(2)));
        // A scale of the features scales it by its square, step by step of the grid.
        Assert.AreEqual(chosen * 100, RidgeSelection.Choose(plain, x * 10, labels, new SeededRandom(2))!.Value, chosen);
        Assert.IsNull(RidgeSelection.Choose(plain, x.narrow(0, 0, 1), labels.narrow(0, 0, 1), new SeededRandom(2)), "one image has none to be judged by");
        Assert.HasCount(17, RidgeSelection.Grid);
    }

    [TestMethod]
    public void A_ridge_too_small_for_the_sums_is_raised_and_said_so()
    {
        using var classifier = new RidgeClassifier(3, CPU);
        classifier.Grow(2);
        classifier.Add(Rows(3, 1e6f, 2e6f, 3e6f, 2e6f, 4e6f, 6e6f), Labels(0, 1));   // one direction of three
        var lines = new List<string>();
        classifier.Solve(1e-8, lines.Add);
        Assert.IsGreaterThan(1e-8, classifier.Ridge!.Value);
        StringAssert.Contains(lines.Single(), "raised from 1e-08");
        Assert.IsTrue(classifier.Weights.isfinite().all().item<bool>());
    }

    [TestMethod]
    public void Without_a_ridge_the_last_one_is_kept_or_the_size_of_the_sums_taken()
    {
        using var classifier = new RidgeClassifier(2, CPU);
        classifier.Grow(1);
        classifier.Add(Rows(2, 2, 4), Labels(0));
        classifier.Solve(null, s_silent);
        Assert.AreEqual((4 + 16) / 2.0, classifier.Ridge!.Value);
        classifier.Solve(3, s_silent);
        classifier.Solve(null, s_silent);
        Assert.AreEqual(3, classifier.Ridge!.Value);
    }

    [TestMethod]
    public void A_state_is_not_changed_by_what_is_learned_after_it()
    {
        using RidgeClassifier classifier = Learned(1), other = new(3, CPU), wider = new(4, CPU);
        using var state = new StateDictionary();
        classifier.SaveState(state);
        float[] before = MethodBench.Values(state.Get("gram", null));
        other.CheckState(state);
        other.LoadState(state);
        other.Add(Rows(3, 1, 2, 3), Labels(0));
        CollectionAssert.AreEqual(before, MethodBench.Values(state.Get("gram", null)));
        CollectionAssert.AreNotEqual(before, MethodBench.Values(other.Gram));
        Assert.ThrowsExactly<InvalidDataException>(() => wider.CheckState(state));
        Assert.ThrowsExactly<ArgumentException>(() => other.Grow(1));
    }

    private static void AssertNear(float[] expected, Tensor actual)
    {
        float[] found = MethodBench.Values(actual);
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], 1e-6f, $"entry {i}");
    }
}
