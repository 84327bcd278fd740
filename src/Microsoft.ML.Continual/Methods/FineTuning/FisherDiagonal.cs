using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>The diagonal of the Fisher information of a classifier's parameters: the mean over images of squared gradients of log-probabilities.</summary>
internal static class FisherDiagonal
{
    /// <summary>Estimates it, one image at a time.</summary>
    /// <param name="parameters">The parameters, all of which <paramref name="logits"/> depends on.</param>
    /// <param name="batches">Images and labels.</param>
    /// <param name="logits">One image [1, …] -> [1, C]; −∞ at classes that do not compete.</param>
    /// <param name="kind">Whose gradients.</param>
    /// <param name="random">Draws classes; used by <see cref="FisherKind.Sampled"/> alone.</param>
    /// <returns>By parameter, in its order: a tensor of its shape in the caller's dispose scope. Zeros where there is no image.</returns>
    public static Tensor[] Estimate(IReadOnlyList<Parameter> parameters, IEnumerable<ImageBatch> batches, Func<Tensor, Tensor> logits, FisherKind kind, SeededRandom random)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] sums = [.. parameters.Select(p => zeros_like(p).detach())];
        long count = 0;
        foreach (ImageBatch batch in batches)
        {
            for (long i = 0; i < batch.Images.shape[0]; i++, count++)
            {
                using DisposeScope image = NewDisposeScope();
                Add(sums, parameters, logits(batch.Images.narrow(0, i, 1)).log_softmax(1).squeeze(0), batch.Labels[i], kind, random);
            }
        }
        using IDisposable frozen = no_grad();
        foreach (Tensor sum in sums) sum.div_(Math.Max(1, count)).MoveToOuterDisposeScope();
        return sums;
    }

    /// <summary>Adds one image's squares.</summary>
    private static void Add(Tensor[] sums, IReadOnlyList<Parameter> parameters, Tensor logProbabilities, Tensor label, FisherKind kind, SeededRandom random)
    {
        float[] p = logProbabilities.detach().exp().to(CPU).data<float>().ToArray();   // [C]
        switch (kind)
        {
            case FisherKind.Expected:
                int[] classes = [.. Enumerable.Range(0, p.Length).Where(c => p[c] > 0)];
                foreach (int c in classes) Add(sums, parameters, logProbabilities[c], p[c], retain: c != classes[^1]);
                break;
            case FisherKind.Sampled:
                Add(sums, parameters, logProbabilities[Draw(p, random)], 1);
                break;
            case FisherKind.Predicted:
                Add(sums, parameters, logProbabilities[Array.IndexOf(p, p.Max())], 1);
                break;
            default:
                int y = (int)label.item<long>();
                Add(sums, parameters, logProbabilities[y], kind == FisherKind.Weighted ? p[y] : 1);
                break;
        }
    }

    private static void Add(Tensor[] sums, IReadOnlyList<Parameter> parameters, Tensor logProbability, double weight, bool retain = false)
    {
        using DisposeScope scope = NewDisposeScope();
        IList<Tensor> gradients = autograd.grad([logProbability], [.. parameters], retain_graph: retain);
        using IDisposable frozen = no_grad();
        for (int i = 0; i < sums.Length; i++) sums[i].addcmul_(gradients[i], gradients[i], weight);
    }

    private static int Draw(float[] probabilities, SeededRandom random)
    {
        double left = random.NextDouble() * probabilities.Sum(p => (double)p);
        int last = 0;
        for (int c = 0; c < probabilities.Length; c++)
        {
            if (probabilities[c] <= 0) continue;
            last = c;
            left -= probabilities[c];
            if (left < 0) break;
        }
        return last;
    }
}
