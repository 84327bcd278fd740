using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Alignment;

/// <summary>Lloyd's k-means with the starting points of k-means++ (Arthur and Vassilvitskii, SODA 2007), on the CPU in float64, from the library's own random numbers.</summary>
internal static class KMeans
{
    private const int MaximumRounds = 100;

    /// <summary>Assigns points to clusters.</summary>
    /// <param name="points">[n, D], n at least 1.</param>
    /// <param name="clusters">The number of clusters wanted; there are fewer where there are fewer different points.</param>
    /// <param name="random">The stream of the starting points.</param>
    /// <returns>The cluster of each point: 0 … k − 1, none of them empty.</returns>
    public static int[] Cluster(Tensor points, int clusters, SeededRandom random)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor values = points.to(ScalarType.Float64).to(CPU);
        Tensor centres = Start(values, (int)Math.Min(clusters, values.shape[0]), random);   // [k, D]
        int[] labels = [];
        for (int round = 0; round < MaximumRounds; round++)
        {
            using DisposeScope inner = NewDisposeScope();
            int[] nearest = [.. Distances(values, centres).argmin(1).data<long>().ToArray().Select(label => (int)label)];
            if (nearest.SequenceEqual(labels)) break;
            labels = nearest;
            // A product with one-hot rows adds in the same order every time; a centre that no point is nearest to stays where it is.
            Tensor members = OneHot(labels, centres.shape[0]), counts = members.sum(1);
            Tensor means = members.mm(values) / counts.clamp_min(1).unsqueeze(1);
            centres.copy_(means.where(counts.gt(0).unsqueeze(1), centres));
        }
        int[] used = [.. labels.Distinct().Order()];
        return [.. labels.Select(label => Array.IndexOf(used, label))];
    }

    private static Tensor Start(Tensor values, int clusters, SeededRandom random)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> centres = [values.narrow(0, random.NextInt((int)values.shape[0]), 1)];
        Tensor nearest = Distances(values, centres[0]).squeeze(1);   // [n]
        while (centres.Count < clusters)
        {
            double[] weights = nearest.data<double>().ToArray();
            double mass = weights.Sum();
            if (mass <= 0) break;   // every point is a centre
            double draw = random.NextDouble() * mass;
            int chosen = Array.FindLastIndex(weights, weight => weight > 0);
            for (int i = 0; i < weights.Length; i++)
            {
                draw -= weights[i];
                if (draw >= 0 || weights[i] == 0) continue;
                chosen = i;
                break;
            }
            centres.Add(values.narrow(0, chosen, 1));
            nearest = nearest.minimum(Distances(values, centres[^1]).squeeze(1));
        }
        return cat(centres, 0).MoveToOuterDisposeScope();
    }

    // Squared distances [n, k], centre by centre: differences are exact where points are equal.
    private static Tensor Distances(Tensor values, Tensor centres)
    {
        using DisposeScope scope = NewDisposeScope();
        return stack(Enumerable.Range(0, (int)centres.shape[0]).Select(i => (values - centres.narrow(0, i, 1)).square().sum(1)).ToList(), 1).MoveToOuterDisposeScope();
    }

    private static Tensor OneHot(int[] labels, long clusters)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor own = tensor((IList<long>)[.. labels.Select(label => (long)label)], new long[] { 1, labels.Length });
        return own.eq(arange(clusters, ScalarType.Int64).unsqueeze(1)).to(ScalarType.Float64).MoveToOuterDisposeScope();   // [k, n]
    }
}
