using Microsoft.ML.Continual.Numerics;
using System.Text.Json.Nodes;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipDeepPrompt;

/// <summary>Mean and covariance of the features of each class, from which new features can be drawn. On the CPU.</summary>
/// <remarks>The covariance is unbiased and has <see cref="Ridge"/> added to its diagonal; it is kept as its Cholesky factor. Features of a class that comes again are added to those known.</remarks>
internal sealed class ClassStatistics(int width) : IDisposable
{
    public const double Ridge = 1e-4;

    private readonly List<long> _counts = [];
    private readonly List<Tensor> _means = [];     // [D] float64
    private readonly List<Tensor> _factors = [];   // [D, D] float32, lower triangular

    /// <summary>The number of classes.</summary>
    public int Count => _counts.Count;

    public Tensor Mean(int classIndex) => _means[classIndex];

    public Tensor Factor(int classIndex) => _factors[classIndex];

    /// <summary>Adds sums over features of a class, of which the next unknown one is always the next index.</summary>
    /// <param name="classIndex">The class.</param>
    /// <param name="count">n.</param>
    /// <param name="sum">Σ f, [D] float64.</param>
    /// <param name="products">Σ fᵀf, [D, D] float64.</param>
    public void Add(int classIndex, long count, Tensor sum, Tensor products)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        (sum, products) = (sum.to(CPU), products.to(CPU));
        Tensor ridge = eye(width, width, ScalarType.Float64) * Ridge;
        if (classIndex < Count)
        {
            long old = _counts[classIndex];
            Tensor mean = _means[classIndex], factor = _factors[classIndex].to(ScalarType.Float64);
            sum = sum + mean * old;
            products = products + (factor.mm(factor.t()) - ridge) * Math.Max(0, old - 1) + mean.unsqueeze(1).mm(mean.unsqueeze(0)) * old;
            count += old;
        }
        Tensor newMean = sum / count;
        // A single feature has no covariance: the ridge alone remains.
        Tensor covariance = count < 2 ? ridge : (products - newMean.unsqueeze(1).mm(newMean.unsqueeze(0)) * count) / (count - 1) + ridge;
        Set(classIndex, count, newMean, linalg.cholesky_ex((covariance + covariance.t()) * 0.5).Item1.to(ScalarType.Float32));
    }

    public void SaveState(StateDictionary state)
    {
        if (Count == 0) return;
        using DisposeScope scope = NewDisposeScope();
        state.Values["statistics"] = new JsonArray([.. _counts.Select(n => (JsonNode)n)]);
        state.Add("statistics.mean", stack(_means));
        state.Add("statistics.factor", stack(_factors));
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state, int classCount)
    {
        if (classCount == 0) return;
        state.Get("statistics.mean", classCount, width);
        state.Get("statistics.factor", classCount, width, width);
        if (state.Values["statistics"] is not JsonArray counts || counts.Count != classCount) throw new InvalidDataException($"The state's counts of features are not those of {classCount} classes.");
    }

    public void LoadState(StateDictionary state, int classCount)
    {
        Clear();
        using DisposeScope scope = NewDisposeScope();
        for (int c = 0; c < classCount; c++)
            Set(c, (long)state.Values["statistics"]![c]!, state.Get("statistics.mean", null).to(ScalarType.Float64).select(0, c).clone(), state.Get("statistics.factor", null).to(ScalarType.Float32).select(0, c).clone());
    }

    public void Dispose() => Clear();

    private void Set(int classIndex, long count, Tensor mean, Tensor factor)
    {
        if (classIndex == Count)
        {
            _counts.Add(count);
            _means.Add(mean.DetachFromDisposeScope());
            _factors.Add(factor.DetachFromDisposeScope());
            return;
        }
        _means[classIndex].Dispose();
        _factors[classIndex].Dispose();
        (_counts[classIndex], _means[classIndex], _factors[classIndex]) = (count, mean.DetachFromDisposeScope(), factor.DetachFromDisposeScope());
    }

    private void Clear()
    {
        foreach (Tensor tensor in _means.Concat(_factors)) tensor.Dispose();
        _counts.Clear();
        _means.Clear();
        _factors.Clear();
    }
}
