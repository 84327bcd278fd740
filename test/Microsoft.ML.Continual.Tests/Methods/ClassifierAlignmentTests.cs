using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Methods.TaskInference;
using Microsoft.ML.Continual.Numerics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Methods;

/// <summary>k-means, distributions of classes, alignment of a classifier and inference of tasks, apart from any method.</summary>
[TestClass]
public sealed class ClassifierAlignmentTests
{
    private static Tensor Cloud(long seed, int count, params float[] mean) =>
        new SeededRandom(seed).NormalTensor(count, mean.Length) * 0.1 + tensor((IList<float>)mean, new long[] { mean.Length });

    private static SortedDictionary<int, Tensor> ByClass(params (int Class, Tensor Features)[] classes) => new(classes.ToDictionary(c => c.Class, c => c.Features));

    [TestMethod]
    public void Clusters_that_are_far_apart_are_found_from_any_seed()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor points = cat([Cloud(1, 5, 0, 0), Cloud(2, 7, 10, 0), Cloud(3, 4, 0, 10)], 0);
        for (int seed = 0; seed < 10; seed++)
        {
            int[] labels = KMeans.Cluster(points, 3, new SeededRandom(seed));
            Assert.HasCount(3, labels.Distinct().ToArray());
            foreach ((int first, int count) in new[] { (0, 5), (5, 7), (12, 4) }) Assert.HasCount(1, labels.Skip(first).Take(count).Distinct().ToArray());
            CollectionAssert.AreEqual(labels, KMeans.Cluster(points, 3, new SeededRandom(seed)));
        }
    }

    [TestMethod]
    public void There_are_no_more_clusters_than_different_points()
    {
        using DisposeScope scope = NewDisposeScope();
        CollectionAssert.AreEqual(new[] { 0, 0, 0 }, KMeans.Cluster(ones(3, 2), 2, new SeededRandom(1)));
        Assert.HasCount(2, KMeans.Cluster(Cloud(1, 2, 0, 0), 5, new SeededRandom(1)).Distinct().ToArray());
    }

    [TestMethod]
    public void A_distribution_draws_features_of_its_mean_and_spread()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor features = new SeededRandom(5).NormalTensor(40, 3).mm(new SeededRandom(6).NormalTensor(3, 3)) + 2;
        using ClassDistribution full = ClassDistribution.Measure(0, 0, features, isFull: true, isPopulation: false), single = ClassDistribution.Measure(0, 0, features.narrow(0, 0, 1), isFull: true, isPopulation: false);
        Tensor drawn = full.Draw(new SeededRandom(7).NormalTensor(20000, 3)), centred = drawn - drawn.mean([0]), own = features - features.mean([0]);
        Tensor expected = own.t().mm(own) / 39;
        Assert.IsLessThan(0.05, ((centred.t().mm(centred) / 19999 - expected).abs().max() / expected.abs().max()).item<float>());
        Assert.IsLessThan(0.1, (drawn.mean([0]) - features.mean([0])).abs().max().item<float>());
        Assert.AreEqual(0.01, single.Draw(ones(1, 3))[0, 0].item<float>() - features[0, 0].item<float>(), 1e-5, "the ridge alone");
    }

    [TestMethod]
    public void Normalised_logits_are_those_of_SLCA()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = tensor((IList<float>)[3, 4, 1, 0], new long[] { 1, 4 });
        Tensor[] tasks = [tensor((IList<long>)[0, 1], new long[] { 2 }), tensor((IList<long>)[2, 3], new long[] { 2 })];
        Tensor normalised = ClassifierAligner.Normalize(logits, tasks, 0.1);
        float[] expected = [10, 13.33333333f, 3.33333333f, 0];
        for (int i = 0; i < 4; i++) Assert.AreEqual(expected[i], normalised[0, i].item<float>(), 1e-4);
        Assert.AreEqual(3.36843115, nn.functional.cross_entropy(normalised, zeros(new long[] { 1 }, ScalarType.Int64)).item<float>(), 1e-4);
        Assert.IsLessThan(1e-4, (ClassifierAligner.Normalize(logits * 7, tasks, 0.1) - normalised).abs().max().item<float>());
    }

    [TestMethod]
    [DataRow(AlignmentStatistics.Centroids, false)]
    [DataRow(AlignmentStatistics.Centroids, true)]
    [DataRow(AlignmentStatistics.Covariance, false)]
    [DataRow(AlignmentStatistics.Variance, true)]
    public void Alignment_tells_classes_of_different_tasks_apart_and_leaves_others_alone(AlignmentStatistics kind, bool drawAll)
    {
        var options = new ClassifierAlignmentOptions { Statistics = kind, Centroids = 2, DrawAll = drawAll, Epochs = 60, Samples = 32, LearningRate = 0.5 };
        using DisposeScope scope = NewDisposeScope();
        using var distributions = new ClassDistributions(options, 2);
        var random = new SeededRandom(1);
        distributions.Learn(ByClass((0, Cloud(1, 20, 1, 0)), (1, Cloud(2, 20, -1, 0))), 0, random);
        distributions.Learn(ByClass((2, Cloud(3, 20, 0, 1))), 1, random);
        using var weight = new Parameter(zeros(4, 2), true);
        using var bias = new Parameter(zeros(4), true);
        new ClassifierAligner(options).Align(weight, bias, distributions.Drawable(), 1, random);
        Tensor test = cat([Cloud(11, 5, 1, 0), Cloud(12, 5, -1, 0), Cloud(13, 5, 0, 1)], 0);
        long[] predicted = nn.functional.linear(test, weight, bias).narrow(1, 0, 3).argmax(1).data<long>().ToArray();
        CollectionAssert.AreEqual(new long[] { 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2 }, predicted);
        Assert.AreEqual(0f, weight[3].abs().max().item<float>() + Math.Abs(bias[3].item<float>()), "class 3 has no images");
        Assert.IsNull(weight.grad);
    }

    [TestMethod]
    public void Clusters_of_one_image_are_drawn_from_only_where_a_class_has_no_others()
    {
        var options = new ClassifierAlignmentOptions();
        using DisposeScope scope = NewDisposeScope();
        using var distributions = new ClassDistributions(options, 2) { Labels = c => c == 0 ? [0, 0, 1] : [0] };
        distributions.Learn(ByClass((0, Cloud(1, 3, 0, 0)), (1, Cloud(2, 1, 0, 0))), 0, new SeededRandom(1));
        Assert.HasCount(3, distributions.All);
        CollectionAssert.AreEqual(new[] { 0, 1 }, distributions.Drawable().Select(d => d.Class).ToArray());
    }

    [TestMethod]
    public void Statistics_and_clusters_survive_their_state()
    {
        using DisposeScope scope = NewDisposeScope();
        var options = new ClassifierAlignmentOptions { Centroids = 2 };
        var inference = new TaskInferenceOptions { Clusters = 2 };
        using ClassDistributions one = new(options, 2), other = new(options, 2);
        using TaskClusters clusters = new(inference, 2, CPU), others = new(inference, 2, CPU);
        foreach (int task in new[] { 0, 1 })
        {
            SortedDictionary<int, Tensor> features = ByClass((task, Cloud(task, 6, 1 - task, task)));
            one.Learn(features, task, new SeededRandom(task));
            clusters.Learn(features, task, new SeededRandom(task));
        }
        using var state = new StateDictionary();
        one.SaveState(state);
        clusters.SaveState(state);
        other.CheckState(state, true);
        other.LoadState(state);
        others.CheckState(state, true);
        others.LoadState(state);
        CollectionAssert.AreEqual(one.All.Select(d => (d.Class, d.Task, d.Spread[0].item<float>())).ToArray(), other.All.Select(d => (d.Class, d.Task, d.Spread[0].item<float>())).ToArray());
        Tensor test = Cloud(9, 4, 0.5f, 0.5f);
        CollectionAssert.AreEqual(MethodBench.Values(clusters.Distances(test)), MethodBench.Values(others.Distances(test)));
        state.Values["clusters.tasks"] = null;
        Assert.ThrowsExactly<InvalidDataException>(() => others.CheckState(state, true));
        using var empty = new StateDictionary();
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => others.CheckState(empty, true)).Message, "trained without");
        others.CheckState(empty, false);
    }

    [TestMethod]
    public void The_task_of_the_nearest_class_is_inferred_and_a_vote_gives_it_to_the_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (bool vote in new[] { false, true })
        {
            using var clusters = new TaskClusters(new TaskInferenceOptions { Clusters = 2, BatchVote = vote }, 3, CPU);
            // A single image, too few images, and a class that comes again.
            clusters.Learn(ByClass((0, Cloud(1, 8, 1, 0, 0)), (1, Cloud(2, 1, 0, 1, 0))), 0, new SeededRandom(1));
            clusters.Learn(ByClass((0, Cloud(3, 8, 0, 0, 1)), (2, Cloud(4, 8, -1, 0, 0))), 1, new SeededRandom(2));
            int[] found = clusters.Infer(cat([Cloud(5, 1, 2, 0, 0), Cloud(6, 1, 0, 3, 0), Cloud(7, 1, 0, 0, 2), Cloud(8, 1, -1, 0, 0), Cloud(9, 1, 0, 0, 1)], 0));
            CollectionAssert.AreEqual(vote ? new[] { 1, 1, 1, 1, 1 } : new[] { 0, 0, 1, 1, 1 }, found);
        }
    }

    [TestMethod]
    [DataRow("Centroids", 0)]
    [DataRow("Epochs", 0)]
    [DataRow("Samples", 0)]
    [DataRow("LearningRate", 0.0)]
    [DataRow("Momentum", 1.0)]
    [DataRow("WeightDecay", -1.0)]
    [DataRow("NormalizedTemperature", 0.0)]
    public void An_option_out_of_range_is_named(string option, object value)
    {
        var options = new ClassifierAlignmentOptions();
        typeof(ClassifierAlignmentOptions).GetProperty(option)!.SetValue(options, value);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => options.Validate("Alignment")).Message, "Alignment." + option);
    }
}
