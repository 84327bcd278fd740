using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.TaskInference;

/// <summary>Clusters of features of all tasks, by which the task of an image is inferred; see <see cref="TaskInferenceOptions"/>. The features must come from a network that later tasks do not change.</summary>
internal sealed class TaskClusters(TaskInferenceOptions options, int width, Device device) : IDisposable
{
    private readonly List<FeatureCluster> _clusters = [];

    /// <summary>The number of clusters.</summary>
    public int Count => _clusters.Count;

    /// <summary>The number of tasks that have some.</summary>
    public int TaskCount => _clusters.Select(cluster => cluster.Task).Distinct().Count();

    public IReadOnlyList<FeatureCluster> All => _clusters;

    /// <summary>Gives the clusters of a class's images in place of k-means; for tests.</summary>
    public Func<int, int[]>? Labels { get; set; }

    /// <summary>Learns the classes of a task. A class that comes again has further clusters, of this task.</summary>
    /// <param name="features">By class: [n, D].</param>
    /// <param name="task">The task.</param>
    /// <param name="random">The stream of k-means.</param>
    public void Learn(SortedDictionary<int, Tensor> features, int task, SeededRandom random)
    {
        foreach ((int label, Tensor own) in features)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable frozen = no_grad();
            Tensor unit = Unit(own).to(ScalarType.Float64).to(CPU);
            int[] labels = Labels?.Invoke(label) ?? KMeans.Cluster(unit, options.Clusters, random);
            for (int cluster = 0; cluster <= labels.Max(); cluster++)
            {
                long[] rows = [.. labels.Select((c, row) => (c, row: (long)row)).Where(image => image.c == cluster).Select(image => image.row)];
                _clusters.Add(FeatureCluster.Measure(task, label, unit.index_select(0, tensor((IList<long>)rows, new long[] { rows.Length })), options, device));
            }
        }
    }

    /// <summary>The distances of features from classes: [B, D] -> [B, classes], the nearest cluster of each class and task, in the order in which they were learned.</summary>
    public Tensor Distances(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor unit = Unit(features.to(ScalarType.Float32));
        return stack(_clusters.GroupBy(cluster => (cluster.Task, cluster.Class)).Select(group => group.Select(cluster => cluster.Distance(unit)).Aggregate((a, b) => a.minimum(b))).ToList(), 1).MoveToOuterDisposeScope();
    }

    /// <summary>The task of the class nearest to each image.</summary>
    /// <param name="features">[B, D].</param>
    public int[] Nearest(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        int[] tasks = [.. _clusters.Select(cluster => (cluster.Task, cluster.Class)).Distinct().Select(place => place.Task)];
        return [.. Distances(features).argmin(1).cpu().data<long>().ToArray().Select(place => tasks[place])];
    }

    /// <summary>The task that each image is scored by: its <see cref="Nearest"/>, or with a vote one for all.</summary>
    /// <param name="features">[B, D].</param>
    public int[] Infer(Tensor features)
    {
        int[] nearest = Nearest(features);
        if (!options.BatchVote || nearest.Length == 0) return nearest;
        int winner = Vote(nearest);
        return [.. nearest.Select(_ => winner)];
    }

    /// <summary>The task that occurs most often; the smallest of equals.</summary>
    public static int Vote(IEnumerable<int> tasks) => tasks.GroupBy(task => task).OrderByDescending(group => group.Count()).ThenBy(group => group.Key).First().Key;

    /// <summary>A copy that shares the memory.</summary>
    public TaskClusters Share()
    {
        var copy = new TaskClusters(options, width, device);
        foreach (FeatureCluster cluster in _clusters) copy._clusters.Add(cluster.Share());
        return copy;
    }

    public void SaveState(StateDictionary state)
    {
        state.Values["clusters"] = new JsonArray([.. _clusters.Select(cluster => (JsonNode)cluster.Class)]);
        state.Values["clusters.tasks"] = new JsonArray([.. _clusters.Select(cluster => (JsonNode)cluster.Task)]);
        if (_clusters.Count == 0) return;
        using DisposeScope scope = NewDisposeScope();
        state.Add("clusters.mean", stack(_clusters.Select(cluster => cluster.Mean)));
        state.Add("clusters.precision", stack(_clusters.Select(cluster => cluster.Precision)));
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    /// <exception cref="InvalidDataException">The state has no clusters, or others.</exception>
    public void CheckState(StateDictionary state, bool isTrained)
    {
        if (!isTrained) return;
        if (!state.Contains("clusters.mean")) throw new InvalidDataException("The state has no clusters of features, which inference of the task needs: it was trained without.");
        long count = state.Get("clusters.mean", -1, width).shape[0];
        state.Get("clusters.precision", count, width, width);
        foreach (string name in new[] { "clusters", "clusters.tasks" })
            if (state.Values[name] is not JsonArray list || list.Count != count) throw new InvalidDataException($"The state's list '{name}' does not name {count} clusters.");
    }

    public void LoadState(StateDictionary state)
    {
        Dispose();
        if (!state.Contains("clusters.mean")) return;
        using DisposeScope scope = NewDisposeScope();
        Tensor means = state.Get("clusters.mean", null).to(ScalarType.Float32), precisions = state.Get("clusters.precision", null).to(ScalarType.Float32);
        for (int i = 0; i < means.shape[0]; i++)
        {
            _clusters.Add(new FeatureCluster((int)state.Values["clusters.tasks"]![i]!, (int)state.Values["clusters"]![i]!,
                means.select(0, i).clone().to(device).DetachFromDisposeScope(), precisions.select(0, i).clone().to(device).DetachFromDisposeScope()));
        }
    }

    public void Dispose()
    {
        foreach (FeatureCluster cluster in _clusters) cluster.Dispose();
        _clusters.Clear();
    }

    private static Tensor Unit(Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        return (rows / rows.square().sum(1).sqrt().clamp_min(1e-12).unsqueeze(1)).MoveToOuterDisposeScope();
    }
}
