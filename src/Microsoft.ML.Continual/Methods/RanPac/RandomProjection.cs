using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>Widens features at random: φ = relu(h W), W of standard normal numbers [D, M] that a seed gives again.</summary>
internal sealed class RandomProjection : IDisposable
{
    private readonly int _featureWidth, _projectionWidth;
    private readonly Device _device;
    private Tensor? _weight;   // [D, M] float32, made when it is first asked for

    /// <param name="featureWidth">D.</param>
    /// <param name="projectionWidth">M; 0 leaves features as they are.</param>
    /// <param name="seed">What W is drawn from.</param>
    /// <param name="device">Where it goes.</param>
    public RandomProjection(int featureWidth, int projectionWidth, long seed, Device device) =>
        (_featureWidth, _projectionWidth, Seed, _device) = (featureWidth, projectionWidth, seed, device);

    /// <summary>A projection by given weights.</summary>
    internal RandomProjection(Tensor weight)
        : this((int)weight.shape[0], (int)weight.shape[1], 0, weight.device) => _weight = TrainableTensor.Freeze(weight);

    /// <summary>What W is drawn from.</summary>
    public long Seed { get; }

    /// <summary>The length of φ.</summary>
    public int Width => _projectionWidth == 0 ? _featureWidth : _projectionWidth;

    /// <summary>[n, D] float32 -> [n, M] float32, in the caller's dispose scope.</summary>
    public Tensor Apply(Tensor features) => Apply(features, 0, Width);

    /// <summary>Some columns of φ: [n, D] -> [n, count].</summary>
    public Tensor Apply(Tensor features, long first, long count) =>
        _projectionWidth == 0 ? features.narrow(1, first, count) : features.mm(Weight().narrow(1, first, count)).relu();

    /// <summary>A projection of its own life with the same weights, which the two share.</summary>
    public RandomProjection Share()
    {
        var copy = new RandomProjection(_featureWidth, _projectionWidth, Seed, _device);
        if (_projectionWidth > 0) copy._weight = Weight().alias().DetachFromDisposeScope();
        return copy;
    }

    public void Dispose() => _weight?.Dispose();

    private Tensor Weight()
    {
        if (_weight is not null) return _weight;
        using DisposeScope scope = NewDisposeScope();
        return _weight = new SeededRandom(Seed).NormalTensor(_featureWidth, _projectionWidth).to(_device).DetachFromDisposeScope();
    }
}
