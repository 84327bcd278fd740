using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>An adapter beside the MLP of every block. It changes nothing until it is trained.</summary>
/// <remarks>In the shape comments N is the network's depth, r the adapter's width, D the network's.</remarks>
internal sealed class FeatureAdapter : IDisposable
{
    private readonly Parameter _down, _downBias, _up, _upBias;   // [N, r, D], [N, r], [N, D, r], [N, D]

    /// <param name="backbone">The network to adapt.</param>
    /// <param name="width">r.</param>
    /// <param name="random">Where the first layer's weights come from: uniform within ±1/√D. All else starts at 0.</param>
    public FeatureAdapter(VisionTransformer backbone, int width, SeededRandom random)
    {
        using DisposeScope scope = NewDisposeScope();
        int depth = backbone.Config.Depth, channels = backbone.Width;
        double range = 1 / Math.Sqrt(channels);
        _down = TrainableTensor.Create(random.UniformTensor(-range, range, depth, width, channels), backbone.Device);
        _downBias = TrainableTensor.Create(zeros(depth, width), backbone.Device);
        _up = TrainableTensor.Create(zeros(depth, channels, width), backbone.Device);
        _upBias = TrainableTensor.Create(zeros(depth, channels), backbone.Device);
    }

    public IReadOnlyList<TrainableParameter> Parameters => [new("adapter.down.weight", _down), new("adapter.down.bias", _downBias), new("adapter.up.weight", _up), new("adapter.up.bias", _upBias)];

    /// <summary>What it adds to the network's pass, with gradients.</summary>
    public BlockEdits Edits() => Edits([_down, _downBias, _up, _upBias]);

    /// <summary>Copies of the tensors for <see cref="Edits(IReadOnlyList{Tensor})"/>, in no dispose scope.</summary>
    public IReadOnlyList<Tensor> Freeze() => [.. Parameters.Select(p => TrainableTensor.Freeze(p.Value))];

    /// <summary>The same of given tensors: weights and biases of the first layer, then of the second.</summary>
    public static BlockEdits Edits(IReadOnlyList<Tensor> tensors) => new()
    {
        MlpAdapters = Enumerable.Range(0, (int)tensors[0].shape[0])
            .ToDictionary(i => i, i => new MlpAdapter(tensors[0].select(0, i), tensors[1].select(0, i), tensors[2].select(0, i), tensors[3].select(0, i))),
    };

    public void SaveState(StateDictionary state)
    {
        foreach (TrainableParameter p in Parameters) state.Add(p.Name, p.Value);
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state)
    {
        foreach (TrainableParameter p in Parameters) state.Get(p.Name, p.Value.shape);
    }

    public void LoadState(StateDictionary state)
    {
        using IDisposable frozen = no_grad();
        foreach (TrainableParameter p in Parameters) p.Value.copy_(state.Get(p.Name, p.Value.shape));
    }

    public void Dispose()
    {
        foreach (TrainableParameter p in Parameters) p.Value.Dispose();
    }
}
