using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Methods.Lorac;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tests.Backbones;
using Microsoft.ML.Continual.Training;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>LoRAC-IPC's parts against numbers worked out by hand.</summary>
[TestClass]
public sealed class LoracVectorTests
{
    private static Tensor Matrix(int columns, params float[] values) => tensor((IList<float>)values, new long[] { values.Length / columns, columns });

    private static LoracFactors TwoTasks(int rank)
    {
        var factors = new LoracFactors();
        // Higher ranks have the same update in their first column.
        factors.AddPair(cat([Matrix(1, 1, 0), zeros(2, rank - 1)], 1), cat([Matrix(2, 2, 3), zeros(rank - 1, 2)], 0));
        factors.AddBank(ones(1));
        factors.AddPair(cat([Matrix(1, 0, 1), zeros(2, rank - 1)], 1), cat([Matrix(2, 1, -1), zeros(rank - 1, 2)], 0));
        factors.AddBank(tensor((IList<float>)[0.5f, 1], new long[] { 2 }));
        return factors;
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(4, 0.25f)]
    public void A_composition_sums_the_updates_by_their_factors_and_the_rank(int rank, float scale)
    {
        using DisposeScope scope = NewDisposeScope();
        using LoracFactors factors = TwoTasks(rank);
        CollectionAssert.AreEqual(new[] { 1, 1.5f, 1, -1 }.Select(v => v * scale).ToArray(), MethodBench.Values(factors.Delta(1, rank)!));
        CollectionAssert.AreEqual(new[] { 2, 3f, 0, 0 }.Select(v => v * scale).ToArray(), MethodBench.Values(factors.Delta(0, rank)!));
        Assert.IsNull(factors.Delta(-1, rank));
    }

    [TestMethod]
    [DataRow(LoracOrthogonality.Direct, false, 3.316625)]
    [DataRow(LoracOrthogonality.Qr, false, 1.414214)]
    [DataRow(LoracOrthogonality.Direct, true, 0)]
    [DataRow(LoracOrthogonality.Qr, true, 0)]
    public void The_penalty_is_the_distance_of_all_columns_from_orthonormal_ones(LoracOrthogonality orthogonality, bool isOrthonormal, double expected)
    {
        using VisionTransformer backbone = RandomTransformer.Create(new VisionTransformerConfig(4, 4, 4, 1, 1, 4));
        var options = new LoracOptions { Backbone = backbone, Rank = 2, Placement = LoracPlacement.Qkvo, OrthogonalityWeight = 0.5, Orthogonality = orthogonality };
        using var composition = new LoracComposition(options);
        using DisposeScope scope = NewDisposeScope();
        Tensor basis = eye(4), second = isOrthonormal ? basis.narrow(1, 2, 2) : stack([basis.select(1, 0), basis.select(1, 2) * 2], 1);
        composition.BeginTask(_ => basis.narrow(1, 0, 2));
        Assert.AreEqual(0, composition.Train(null).Penalty!.item<float>(), 1e-5);
        composition.EndTask();
        composition.DropTask();
        composition.BeginTask(_ => second);
        Tensor penalty = composition.Train(null).Penalty!;
        Assert.AreEqual(4 * 0.5 * expected, penalty.item<float>(), 1e-5);
        penalty.backward();
        Assert.IsTrue(composition.Parameters.All(p => p.Value.grad is null || p.Value.grad.isfinite().all().item<bool>()), "at orthonormal columns too");
    }

    [TestMethod]
    public void Importance_is_smoothed_and_so_is_its_uncertainty()
    {
        using DisposeScope scope = NewDisposeScope();
        using var importance = new MatrixImportance(1, 0.85, 0.85, CPU);
        double[] steps = [1, 2, 0.5], sensitivity = [0.15, 0.4275, 0.438375], uncertainty = [0.1275, 0.34425, 0.30185625], scores = [0.019125, 0.147166875, 0.13232623];
        for (int i = 0; i < 3; i++)
        {
            importance.Add(tensor((IList<float>)[(float)steps[i]], new long[] { 1 }));
            Assert.AreEqual(sensitivity[i], importance.Sensitivity.item<float>(), 1e-6);
            Assert.AreEqual(uncertainty[i], importance.Uncertainty.item<float>(), 1e-6);
            Assert.AreEqual(scores[i], importance.Scores()[0], 1e-6);
        }
        Assert.AreEqual(1.125, MatrixImportance.Of(Matrix(2, 1, -2, 3, 0), Matrix(2, 0.5f, 0.5f, -1, 4)).item<float>(), 1e-6);
    }

    [TestMethod]
    public void The_most_important_matrices_are_frozen_and_frozen_ones_do_not_compete()
    {
        foreach (bool asReleased in new[] { false, true })
        {
            bool[] first = LoracFreezing.Select([0.1, 0.9, 0.3, 0.9, 0.2, 0, 0.4, 0.5], new bool[8], 0.25, ofRemaining: false, asReleased);
            CollectionAssert.AreEqual(new[] { 1, 3 }, Frozen(first));
            bool[] second = LoracFreezing.Select([0.2, 1.5, 0.3, 2, 0.1, 0.6, 0.4, 0.5], first, 0.25, ofRemaining: false, asReleased);
            CollectionAssert.AreEqual(new[] { 1, 3, 5, 7 }, Frozen(second));
        }
    }

    [TestMethod]
    public void Edge_cases_of_freezing_are_settled_and_the_released_ways_are_there()
    {
        double[] equal = [1, 1, 1, 1];
        bool[] mostly = [true, true, true, false];
        CollectionAssert.AreEqual(new[] { 0, 1 }, Frozen(LoracFreezing.Select(equal, new bool[4], 0.5, false, asReleased: false)), "among equals the lower index");
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, Frozen(LoracFreezing.Select(equal, new bool[4], 0.5, false, asReleased: true)));
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, Frozen(LoracFreezing.Select(equal, mostly, 0.5, false, asReleased: false)), "no more than are left");
        CollectionAssert.AreEqual(Array.Empty<int>(), Frozen(LoracFreezing.Select(equal, new bool[4], 0.2, false, asReleased: true)), "the whole part of the share");
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, Frozen(LoracFreezing.Select(equal, mostly, 0.5, ofRemaining: true, asReleased: false))[..3], "half of one is none");
        CollectionAssert.AreEqual(new[] { 0, 1, 2 }, Frozen(LoracFreezing.Select([0, 0, 0, 0], mostly, 0.5, ofRemaining: true, asReleased: true)));
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, Frozen(LoracFreezing.Select([0, 0, 0, 0], mostly, 0.5, ofRemaining: false, asReleased: true)), "a cut of 0 freezes all");
    }

    [TestMethod]
    [DataRow(0.05, 72, 3)]
    [DataRow(0.05, 48, 2)]
    [DataRow(0.1, 48, 4)]
    [DataRow(0.1, 72, 7)]
    public void The_number_to_freeze_is_the_whole_part(double share, int matrices, int expected) => Assert.AreEqual(expected, LoracFreezing.Count(share, matrices));

    [TestMethod]
    public void Distances_are_by_shrunk_correlations()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor covariance = Matrix(2, 2, 1, 1, 4).to(ScalarType.Float64);
        Tensor shrunk = FeatureCluster.Shrink(covariance, 1);
        CollectionAssert.AreEqual(new double[] { 5, 1, 1, 7 }, shrunk.contiguous().data<double>().ToArray());
        using var cluster = new FeatureCluster(0, 0, zeros(2), FeatureCluster.InverseCorrelation(shrunk).to(ScalarType.Float32));
        float[] distances = MethodBench.Values(cluster.Distance(Matrix(2, 1, 1, 1, -1)));
        Assert.AreEqual(1.710819, distances[0], 1e-5);
        Assert.AreEqual(2.406829, distances[1], 1e-5);
    }

    [TestMethod]
    [DataRow(0, 0.0015)]
    [DataRow(1, 0.0015)]
    [DataRow(2, 0.00146354)]
    [DataRow(6, 0.000755)]
    public void The_released_schedule_is_a_cosine_one_epoch_late(int epoch, double expected) =>
        Assert.AreEqual(expected, Optimizers.RateOf(new LoracOptions { Epochs = 10, LearningRate = 0.0015 }.UseReleasedCode(), epoch), 1e-8);

    [TestMethod]
    public void A_cosine_of_scaled_rates_ends_where_that_of_all_rates_ends()
    {
        LoracOptions options = new LoracOptions { Epochs = 2, LearningRate = 0.1, MinimumLearningRate = 0.01, Schedule = LearningRateSchedule.Cosine };
        Assert.AreEqual(0.05, Optimizers.RateOf(options, 0, scale: 0.5), 1e-12);
        Assert.AreEqual(0.03, Optimizers.RateOf(options, 1, scale: 0.5), 1e-12);
    }

    [TestMethod]
    public void A_vote_is_won_by_the_smallest_of_equals() => Assert.AreEqual(1, TaskClusters.Vote([2, 1, 1, 2, 0]));

    [TestMethod]
    public void An_orthonormal_basis_keeps_the_space_and_a_gradient_also_where_a_column_is_zero()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = new SeededRandom(3).NormalTensor(6, 3), q = LoracMatrix.Orthonormal(a), r = q.t().mm(a);
        Assert.IsLessThan(1e-5, (q.mm(r) - a).abs().max().item<float>());
        Assert.IsLessThan(1e-5, (q.t().mm(q) - eye(3)).abs().max().item<float>());
        Assert.IsTrue(r.diagonal(0, 0, 1).gt(0).all().item<bool>());
        Assert.IsLessThan(1e-5, r.tril(-1).abs().max().item<float>());
        Tensor poor = cat([a.narrow(1, 0, 2), zeros(6, 1)], 1).requires_grad_(true);
        Tensor basis = LoracMatrix.Orthonormal(poor);
        (basis * new SeededRandom(4).NormalTensor(6, 3)).sum().backward();
        Assert.IsTrue(basis.isfinite().all().item<bool>() && poor.grad!.isfinite().all().item<bool>());
    }

    private static int[] Frozen(bool[] flags) => [.. Enumerable.Range(0, flags.Length).Where(i => flags[i])];
}
