using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>The distributions of all classes seen, in the order in which they were measured. A class that comes again adds those of its new images.</summary>
internal sealed class ClassDistributions(ClassifierAlignmentOptions options, int width) : IDisposable
{
    private readonly List<ClassDistribution> _all = [];

    public IReadOnlyList<ClassDistribution> All => _all;

    /// <summary>Gives the clusters of a class's images in place of k-means; for tests.</summary>
    public Func<int, int[]>? Labels { get; set; }

    /// <summary>Measures the classes of a task.</summary>
    /// <param name="features">By class: [n, D].</param>
    /// <param name="task">The task.</param>
    /// <param name="random">The stream of k-means.</param>
    public void Learn(SortedDictionary<int, Tensor> features, int task, SeededRandom random)
    {
        foreach ((int label, Tensor own) in features)
        {
            if (options.Statistics != AlignmentStatistics.Centroids)
            {
                _all.Add(ClassDistribution.Measure(label, task, own, options.Statistics == AlignmentStatistics.Covariance, isPopulation: false));
                continue;
            }
            int[] clusters = Labels?.Invoke(label) ?? KMeans.Cluster(own, options.Centroids, random);
            for (int cluster = 0; cluster <= clusters.Max(); cluster++)
            {
                using DisposeScope scope = NewDisposeScope();
                long[] rows = [.. clusters.Select((c, row) => (c, row: (long)row)).Where(image => image.c == cluster).Select(image => image.row)];
                _all.Add(ClassDistribution.Measure(label, task, own.index_select(0, tensor((IList<long>)rows, new long[] { rows.Length })), isFull: false, isPopulation: true));
            }
        }
    }

    /// <summary>Those to draw from: clusters without any spread, such as single images, are left out where the class has others.</summary>
    public IReadOnlyList<ClassDistribution> Drawable()
    {
        if (options.Statistics != AlignmentStatistics.Centroids) return _all;
        using DisposeScope scope = NewDisposeScope();
        bool[] spread = [.. _all.Select(d => d.Spread.mean().item<float>() != 0)];
        HashSet<int> classes = [.. _all.Where((_, i) => spread[i]).Select(d => d.Class)];
        return [.. _all.Where((d, i) => spread[i] || !classes.Contains(d.Class))];
    }

    public void SaveState(StateDictionary state)
    {
        state.Values["alignment"] = options.Statistics.ToString();
        if (_all.Count == 0) return;
        using DisposeScope scope = NewDisposeScope();
        state.Values["alignment.classes"] = new JsonArray([.. _all.Select(d => (JsonNode)d.Class)]);
        state.Values["alignment.tasks"] = new JsonArray([.. _all.Select(d => (JsonNode)d.Task)]);
        state.Add("alignment.mean", stack(_all.Select(d => d.Mean)));
        state.Add("alignment.spread", stack(_all.Select(d => d.Spread)));
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    /// <exception cref="InvalidDataException">The state has no statistics, or others.</exception>
    public void CheckState(StateDictionary state, bool isTrained)
    {
        if (!isTrained) return;
        if ((string?)state.Values["alignment"] is not { } kind)
            throw new InvalidDataException("The state has no statistics of its classes, which alignment of the classifier needs: it was trained without.");
        if (kind != options.Statistics.ToString()) throw new InvalidDataException($"The state's statistics of classes are of the kind '{kind}'; expected '{options.Statistics}'.");
        long count = state.Get("alignment.mean", -1, width).shape[0];
        state.Get("alignment.spread", options.Statistics == AlignmentStatistics.Covariance ? [count, width, width] : [count, width]);
        foreach (string name in new[] { "alignment.classes", "alignment.tasks" })
            if (state.Values[name] is not JsonArray list || list.Count != count) throw new InvalidDataException($"The state's list '{name}' does not name {count} distributions.");
    }

    public void LoadState(StateDictionary state)
    {
        Dispose();
        if (!state.Contains("alignment.mean")) return;
        using DisposeScope scope = NewDisposeScope();
        Tensor means = state.Get("alignment.mean", null).to(ScalarType.Float32), spreads = state.Get("alignment.spread", null).to(ScalarType.Float32);
        for (int i = 0; i < means.shape[0]; i++)
        {
            _all.Add(new ClassDistribution((int)state.Values["alignment.classes"]![i]!, (int)state.Values["alignment.tasks"]![i]!,
                means.select(0, i).clone().DetachFromDisposeScope(), spreads.select(0, i).clone().DetachFromDisposeScope()));
        }
    }

    public void Dispose()
    {
        foreach (ClassDistribution distribution in _all) distribution.Dispose();
        _all.Clear();
    }
}
