using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>The features and labels of one task's images, by their row in the data set, so that what is computed from them does not depend on the order of the batches.</summary>
internal sealed class GatheredFeatures : IDisposable
{
    private const long Unknown = -1;

    private readonly Tensor _features;   // [n, D] float32
    private readonly Tensor _labels;     // [n] int64

    public GatheredFeatures(int imageCount, int width, Device device)
    {
        _features = zeros(new long[] { imageCount, width }, ScalarType.Float32, device).DetachFromDisposeScope();
        _labels = full(new long[] { imageCount }, Unknown, ScalarType.Int64, device).DetachFromDisposeScope();
    }

    /// <summary>Takes in a batch.</summary>
    /// <param name="rows">Positions in the task's data set.</param>
    /// <param name="features">[B, D] float32.</param>
    /// <param name="labels">[B] int64.</param>
    public void Set(IReadOnlyList<int> rows, Tensor features, Tensor labels)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        long[] positions = [.. rows.Select(r => (long)r)];
        if (positions.Any(p => p < 0 || p >= _labels.shape[0]))
            throw new ArgumentException($"Rows must be in 0 … {_labels.shape[0] - 1}, the task's images; found {string.Join(", ", rows)}.", nameof(rows));
        Tensor index = tensor((IList<long>)positions, new long[] { positions.Length }).to(_features.device);
        _features.index_copy_(0, index, features);
        _labels.index_copy_(0, index, labels);
    }

    /// <summary>Whether every image was seen.</summary>
    public bool IsComplete
    {
        get
        {
            using DisposeScope scope = NewDisposeScope();
            return _labels.ge(0).all().item<bool>();
        }
    }

    /// <summary>Features [n, D] and labels [n], in the order of the rows; they stay this object's.</summary>
    /// <exception cref="InvalidOperationException">Some image was not seen.</exception>
    public (Tensor Features, Tensor Labels) Complete() => IsComplete ? (_features, _labels)
        : throw new InvalidOperationException($"The task has {_labels.shape[0]} images, and not all of them were seen.");

    public void SaveProgress(StateDictionary state)
    {
        state.Add("gathered.features", _features);
        state.Add("gathered.labels", _labels);
    }

    public void LoadProgress(StateDictionary state)
    {
        Tensor features = state.Get("gathered.features", _features.shape), labels = state.Get("gathered.labels", _labels.shape);
        using IDisposable frozen = no_grad();
        _features.copy_(features);
        _labels.copy_(labels);
    }

    public void Dispose()
    {
        _features.Dispose();
        _labels.Dispose();
    }
}
