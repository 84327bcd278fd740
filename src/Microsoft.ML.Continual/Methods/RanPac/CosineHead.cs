using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>The first session's classifier: cosines of features and rows, times a trained scale that starts at 1.</summary>
internal sealed class CosineHead : IDisposable
{
    private readonly Parameter _weight, _scale;   // [C, D], [1]

    /// <param name="classCount">C.</param>
    /// <param name="width">D.</param>
    /// <param name="device">Where it is.</param>
    /// <param name="random">Where the rows come from: uniform within ±1/√D.</param>
    public CosineHead(int classCount, int width, Device device, SeededRandom random)
    {
        using DisposeScope scope = NewDisposeScope();
        double range = 1 / Math.Sqrt(width);
        _weight = TrainableTensor.Create(random.UniformTensor(-range, range, classCount, width), device);
        _scale = TrainableTensor.Create(ones(1), device);
    }

    public IReadOnlyList<TrainableParameter> Parameters => [new("fc.weight", _weight), new("fc.sigma", _scale)];

    /// <summary>[B, D] -> [B, C].</summary>
    public Tensor Logits(Tensor features) => Cosines(features, _weight) * _scale;

    /// <summary>The cosines of rows with rows: [B, D] and [C, D] -> [B, C]. Rows of zeros have the cosine 0 with all.</summary>
    internal static Tensor Cosines(Tensor left, Tensor right) => Normalize(left).mm(Normalize(right).t());

    public void Dispose()
    {
        _weight.Dispose();
        _scale.Dispose();
    }

    private static Tensor Normalize(Tensor rows) => rows / rows.square().sum(1, keepdim: true).clamp_min(1e-24).sqrt();
}
