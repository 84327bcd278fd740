using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>Herding (Welling, ICML 2009), as iCaRL chooses exemplars: one after another the image that brings the mean of those chosen nearest to the mean of all. None is chosen twice.</summary>
internal static class Herding
{
    /// <summary>Positions in order of priority.</summary>
    /// <param name="features">[N, D].</param>
    /// <param name="count">The number wanted; all are chosen where there are no more.</param>
    public static int[] Choose(Tensor features, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor phi = features.to(CPU).to(ScalarType.Float64), mean = phi.mean(new long[] { 0 });   // [N, D], [D]
        Tensor sum = zeros_like(mean);
        var chosen = new List<int>();
        bool[] taken = new bool[phi.shape[0]];
        while (chosen.Count < Math.Min(count, taken.Length))
        {
            using DisposeScope step = NewDisposeScope();
            int k = chosen.Count + 1;
            double[] distances = (phi / k - (mean - sum / k)).square().sum(1).data<double>().ToArray();   // ‖mean − (sum + phi) / k‖², [N]
            int best = -1;
            for (int i = 0; i < distances.Length; i++)
                if (!taken[i] && (best < 0 || distances[i] < distances[best])) best = i;   // the lowest position where several are equal
            taken[best] = true;
            chosen.Add(best);
            sum.add_(phi[best]);
        }
        return [.. chosen];
    }
}
