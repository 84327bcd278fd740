using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.NearestClassMean;

/// <summary>Sums of features by class, in float64, which grow with each task's new classes.</summary>
internal sealed class ClassMeans : IDisposable
{
    private readonly int _width;
    private readonly Device _device;
    private readonly ClassMeanMetric _metric;
    private Tensor _sums;     // [C, D] float64
    private Tensor _counts;   // [C] float64

    public ClassMeans(int width, Device device, ClassMeanMetric metric)
    {
        (_width, _device, _metric) = (width, device, metric);
        using DisposeScope scope = NewDisposeScope();
        _sums = zeros(new long[] { 0, width }, ScalarType.Float64, device).DetachFromDisposeScope();
        _counts = zeros(new long[] { 0 }, ScalarType.Float64, device).DetachFromDisposeScope();
    }

    /// <summary>The number C of classes, those without an image among them.</summary>
    public int ClassCount => (int)_counts.shape[0];

    /// <summary>Makes room for new classes.</summary>
    /// <exception cref="ArgumentException">There are more classes already.</exception>
    public void Grow(int classCount)
    {
        int added = classCount - ClassCount;
        if (added < 0) throw new ArgumentException($"The task has {classCount} classes in all; there are means of {ClassCount} already.", nameof(classCount));
        if (added == 0) return;
        using DisposeScope scope = NewDisposeScope();
        Replace(cat([_sums, zeros(new long[] { added, _width }, ScalarType.Float64, _device)], 0), cat([_counts, zeros(new long[] { added }, ScalarType.Float64, _device)], 0));
    }

    /// <summary>Takes in features.</summary>
    /// <param name="features">[B, D].</param>
    /// <param name="labels">[B] int64 class indices.</param>
    public void Add(Tensor features, Tensor labels)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor values = features.to(ScalarType.Float64);
        if (_metric == ClassMeanMetric.CosineNorm) values = Normalize(values);
        // A product with one-hot columns adds in the same order in every run on every device.
        Tensor members = labels.unsqueeze(0).eq(arange(ClassCount, ScalarType.Int64, _device).unsqueeze(1)).to(ScalarType.Float64);   // [C, B]
        _sums.add_(members.mm(values));                                                                                           // [C, B] x [B, D]
        _counts.add_(members.sum(1));
    }

    /// <summary>What features are compared with, float32 [C, D]: the means, of length 1 for cosines. Zeros for a class without an image.</summary>
    public Tensor Prototypes()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor means = _sums / _counts.clamp_min(1.0).unsqueeze(1);
        return (_metric == ClassMeanMetric.Euclid ? means : Normalize(means)).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>What is added to the scores, float32 [C]: −∞ for a class without an image, which never wins, else 0; for distances −‖mean‖².</summary>
    public Tensor Offsets(Tensor prototypes)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor offsets = _metric == ClassMeanMetric.Euclid ? prototypes.square().sum(1).neg() : zeros(new long[] { ClassCount }, ScalarType.Float32, _device);
        return offsets.masked_fill(_counts.eq(0.0), double.NegativeInfinity).MoveToOuterDisposeScope();
    }

    /// <summary>Scores [B, C] of features [B, D]: cosines; or 2 h·p − ‖p‖², which is −‖h − p‖² but for what all classes share.</summary>
    public static Tensor Score(Tensor features, Tensor prototypes, Tensor offsets, ClassMeanMetric metric)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = features.to(ScalarType.Float32);
        values = metric == ClassMeanMetric.Euclid ? values * 2 : Normalize(values);
        return (values.mm(prototypes.t()) + offsets).MoveToOuterDisposeScope();   // [B, D] x [D, C]
    }

    public void SaveState(StateDictionary state)
    {
        state.Values["metric"] = _metric.ToString();
        state.Add("means.sums", _sums);
        state.Add("means.counts", _counts);
    }

    /// <exception cref="InvalidDataException">The state is of another metric or of other sizes.</exception>
    public void LoadState(StateDictionary state)
    {
        string? metric = (string?)state.Values["metric"];
        if (metric != _metric.ToString()) throw new InvalidDataException($"The state has the sums of the metric '{metric}'; expected '{_metric}'.");
        Tensor sums = state.Get("means.sums", -1, _width);
        Replace(sums, state.Get("means.counts", sums.shape[0]));
    }

    public void Dispose()
    {
        _sums.Dispose();
        _counts.Dispose();
    }

    private void Replace(Tensor sums, Tensor counts)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor newSums = sums.to(ScalarType.Float64).to(_device).clone().DetachFromDisposeScope(), newCounts = counts.to(ScalarType.Float64).to(_device).clone().DetachFromDisposeScope();
        Dispose();
        (_sums, _counts) = (newSums, newCounts);
    }

    // Rows of length 1; a row of zeros stays one.
    private static Tensor Normalize(Tensor rows) => rows / rows.square().sum(1, keepdim: true).sqrt().clamp_min(1e-12);
}
