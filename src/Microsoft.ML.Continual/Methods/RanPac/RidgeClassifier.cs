using System.Globalization;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>A ridge regression on one-hot labels whose sums over images grow task by task, in float64: W = (G + λI)⁻¹ Q.</summary>
internal sealed class RidgeClassifier : IDisposable
{
    private const double LargestRidge = 1e30;

    private readonly int _width;
    private readonly Device _device;
    private Tensor _gram;      // G = Σ φᵀφ, [M, M] float64
    private Tensor _moments;   // Q = Σ φᵀy, [M, C] float64
    private bool _borrowed;    // the Gram matrix is another's memory: it is copied before it is changed

    public RidgeClassifier(int width, Device device)
    {
        (_width, _device) = (width, device);
        _gram = zeros(new long[] { width, width }, ScalarType.Float64, device).DetachFromDisposeScope();
        _moments = zeros(new long[] { width, 0 }, ScalarType.Float64, device).DetachFromDisposeScope();
        Weights = zeros(new long[] { width, 0 }, ScalarType.Float32, device).DetachFromDisposeScope();
    }

    /// <summary>The number C of classes.</summary>
    public int ClassCount => (int)_moments.shape[1];

    /// <summary>λ of the last solution, or null before it.</summary>
    public double? Ridge { get; private set; }

    /// <summary>W, [M, C] float32; zeros for classes that came after the last solution.</summary>
    public Tensor Weights { get; private set; }

    internal Tensor Gram => _gram;

    /// <summary>Makes room for new classes.</summary>
    /// <exception cref="ArgumentException">There are more classes already.</exception>
    public void Grow(int classCount)
    {
        int added = classCount - ClassCount;
        if (added < 0) throw new ArgumentException($"The task has {classCount} classes in all; there are sums of {ClassCount} already.", nameof(classCount));
        if (added == 0) return;
        using DisposeScope scope = NewDisposeScope();
        Tensor moments = cat([_moments, zeros(new long[] { _width, added }, ScalarType.Float64, _device)], 1), weights = cat([Weights, zeros(new long[] { _width, added }, ScalarType.Float32, _device)], 1);
        ReplaceClasses(moments, weights);
    }

    /// <summary>Takes in images.</summary>
    /// <param name="phi">[n, M].</param>
    /// <param name="labels">[n] int64.</param>
    public void Add(Tensor phi, Tensor labels)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        if (_borrowed) ReplaceGram(_gram.clone(), borrowed: false);
        Tensor rows = phi.to(ScalarType.Float64), members = labels.unsqueeze(1).eq(arange(ClassCount, ScalarType.Int64, _device).unsqueeze(0)).to(ScalarType.Float64);   // [n, M], [n, C]
        _gram.add_(rows.t().mm(rows));
        _moments.add_(rows.t().mm(members));
    }

    /// <summary>Computes W with λ; where it is too small for float64 to tell G + λI from a singular matrix, with the first of 10 λ, 100 λ, … that is not.</summary>
    /// <param name="ridge">λ; null takes that of the last solution, and where there is none the mean of G's diagonal.</param>
    /// <param name="log">Is told when λ had to be raised.</param>
    /// <exception cref="InvalidOperationException">The sums are not finite.</exception>
    public void Solve(double? ridge, Action<string> log)
    {
        double wanted = ridge ?? Ridge ?? Scale();
        for (double used = wanted; used < LargestRidge; used *= 10)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable frozen = no_grad();
            Tensor system = _gram.clone();
            system.diagonal(0, 0, 1).add_(used);
            (Tensor factor, Tensor failed) = linalg.cholesky_ex(system);
            if (failed.item<int>() != 0) continue;
            Tensor solution = linalg.solve_triangular(factor.t(), linalg.solve_triangular(factor, _moments, upper: false), upper: true);
            if (!solution.isfinite().all().item<bool>()) continue;
            if (used != wanted) log(string.Create(CultureInfo.InvariantCulture, $"The ridge was raised from {wanted:g3} to {used:g3}: with less the sums over the images are singular in float64."));
            ReplaceClasses(_moments.clone(), solution.to(ScalarType.Float32).contiguous());   // as it will be when it is loaded: the layout decides how products round
            Ridge = used;
            return;
        }
        throw new InvalidOperationException("The regression has no solution with any ridge: the sums over the images are not finite. Nothing of this Fit was kept.");
    }

    /// <summary>Scores [n, C] of φ [n, M], in the caller's dispose scope.</summary>
    public static Tensor Score(Tensor phi, Tensor weights, RidgeScoring scoring)
    {
        using DisposeScope scope = NewDisposeScope();
        if (scoring == RidgeScoring.Cosine) (phi, weights) = (Normalize(phi, 1), Normalize(weights, 0));
        return phi.mm(weights).MoveToOuterDisposeScope();
    }

    public void SaveState(StateDictionary state)
    {
        state.Values["ridge"] = Ridge;
        state.Add("gram", _gram);
        state.Add("moments", _moments);
        state.Add("weights", Weights);
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state)
    {
        state.Get("gram", _width, _width);
        state.Get("weights", _width, state.Get("moments", _width, -1).shape[1]);
    }

    public void LoadState(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        ReplaceGram(state.Get("gram", null).to(ScalarType.Float64).to(_device).alias(), borrowed: true);
        ReplaceClasses(state.Get("moments", null).to(ScalarType.Float64).to(_device).clone(), state.Get("weights", null).to(ScalarType.Float32).to(_device).clone());
        Ridge = (double?)state.Values["ridge"];
    }

    public void Dispose()
    {
        _gram.Dispose();
        _moments.Dispose();
        Weights.Dispose();
    }

    private double Scale()
    {
        using DisposeScope scope = NewDisposeScope();
        double mean = _gram.diagonal(0, 0, 1).mean().item<double>();
        return mean > 0 ? mean : 1;
    }

    private void ReplaceGram(Tensor gram, bool borrowed)
    {
        _gram.Dispose();
        (_gram, _borrowed) = (gram.DetachFromDisposeScope(), borrowed);
    }

    private void ReplaceClasses(Tensor moments, Tensor weights)
    {
        _moments.Dispose();
        Weights.Dispose();
        (_moments, Weights) = (moments.DetachFromDisposeScope(), weights.DetachFromDisposeScope());
    }

    // Of length 1 along an axis; zeros stay zeros.
    private static Tensor Normalize(Tensor x, int axis) => x / x.square().sum(axis, keepdim: true).sqrt().clamp_min(1e-12);
}
