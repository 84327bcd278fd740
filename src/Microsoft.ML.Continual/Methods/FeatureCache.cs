using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>Features of one task's images in the frozen network, computed once an image, where the view of an image is always the same. What is known is kept on the host, so that asking costs no wait for the device.</summary>
internal sealed class FeatureCache : IDisposable
{
    private readonly bool[] _known;
    private readonly Tensor _features;   // [images, D]

    public FeatureCache(int imageCount, int width, ScalarType type, Device device)
    {
        _known = new bool[imageCount];
        _features = empty(new long[] { imageCount, width }, type, device).DetachFromDisposeScope();
    }

    /// <summary>The features of the rows, [B, D]: from memory where all are known, else computed for the whole batch and remembered.</summary>
    /// <param name="rows">Positions in the task's data set.</param>
    /// <param name="compute">Computes the batch's features.</param>
    public Tensor Get(IReadOnlyList<int> rows, Func<Tensor> compute)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        long[] positions = [.. rows.Select(r => (long)r)];
        if (positions.Any(p => p < 0 || p >= _known.Length))
            throw new ArgumentException($"Rows must be in 0 … {_known.Length - 1}, the task's images; found {string.Join(", ", rows)}.", nameof(rows));
        Tensor index = tensor((IList<long>)positions, new long[] { positions.Length }).to(_features.device);
        if (rows.All(r => _known[r])) return _features.index_select(0, index).MoveToOuterDisposeScope();
        Tensor features = compute();
        _features.index_copy_(0, index, features);
        foreach (int row in rows) _known[row] = true;
        return features.MoveToOuterDisposeScope();
    }

    /// <summary>Writes what is known: a feature's bits depend on the batch it was computed in, so that it cannot be computed again.</summary>
    public void SaveProgress(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] rows = [.. Enumerable.Range(0, _known.Length).Where(r => _known[r]).Select(r => (long)r)];
        Tensor index = tensor((IList<long>)rows, new long[] { rows.Length });
        state.Add("cache.rows", index);
        state.Add("cache.features", _features.index_select(0, index.to(_features.device)));
    }

    /// <summary>A cache with what <see cref="SaveProgress"/> wrote; null where the state holds none.</summary>
    /// <exception cref="InvalidDataException">The features are of other sizes, or of rows that the task does not have.</exception>
    public static FeatureCache? Resume(StateDictionary state, int imageCount, Backbone backbone)
    {
        if (!state.Contains("cache.rows")) return null;
        var cache = new FeatureCache(imageCount, backbone.Width, backbone.ComputeType, backbone.Device);
        try
        {
            cache.LoadProgress(state);
            return cache;
        }
        catch
        {
            cache.Dispose();
            throw;
        }
    }

    private void LoadProgress(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor index = state.Get("cache.rows", -1), features = state.Get("cache.features", index.shape[0], _features.shape[1]);
        long[] rows = index.dtype == ScalarType.Int64 ? index.data<long>().ToArray() : throw new InvalidDataException($"The state's tensor 'cache.rows' is of {index.dtype}; expected {ScalarType.Int64}.");
        if (rows.Any(r => r < 0 || r >= _known.Length)) throw new InvalidDataException($"The state's tensor 'cache.rows' names rows beyond the task's {_known.Length}.");
        _features.index_copy_(0, index.to(_features.device), features.to(_features.dtype).to(_features.device));
        foreach (long row in rows) _known[row] = true;
    }

    public void Dispose() => _features.Dispose();
}
