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

    /// <summary>Writes what is known, for a task in progress: a feature that is computed again in another batch may differ in its last bits.</summary>
    public void SaveProgress(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        state.Add("cache.features", _features);
        state.Add("cache.known", tensor((IList<long>)_known.Select(known => known ? 1L : 0).ToArray(), new long[] { _known.Length }));
    }

    /// <summary>A cache with what <see cref="SaveProgress"/> wrote; null where nothing was written.</summary>
    /// <exception cref="InvalidDataException">What was written is of other sizes.</exception>
    public static FeatureCache? Restore(StateDictionary state, int imageCount, int width, ScalarType type, Device device)
    {
        if (!state.Contains("cache.features")) return null;
        Tensor features = state.Get("cache.features", imageCount, width), known = state.Get("cache.known", imageCount);
        var cache = new FeatureCache(imageCount, width, type, device);
        using IDisposable frozen = no_grad();
        cache._features.copy_(features);
        long[] flags = known.data<long>().ToArray();
        for (int row = 0; row < imageCount; row++) cache._known[row] = flags[row] != 0;
        return cache;
    }

    public void Dispose() => _features.Dispose();
}
