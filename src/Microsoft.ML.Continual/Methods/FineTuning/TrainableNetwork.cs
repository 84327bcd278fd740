using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>
/// A method's own copy of a backbone's weights that trains, in float32; weights that do not train are the backbone's, or float32 copies of them where it is of another type. The backbone itself stays as it is.
/// </summary>
internal sealed class TrainableNetwork : IDisposable
{
    private readonly VisionTransformer _origin, _network;
    private readonly SortedDictionary<string, Parameter> _trained = new(StringComparer.Ordinal);
    private readonly List<Tensor> _converted = [];

    /// <summary>Copies the weights.</summary>
    /// <param name="origin">The frozen backbone, whose values training begins with.</param>
    /// <param name="trainableBlocks">Null trains everything; a number k the last k blocks and the norm after them; 0 nothing.</param>
    /// <param name="learningRateScale">What the learning rate is multiplied by for the weights.</param>
    public TrainableNetwork(VisionTransformer origin, int? trainableBlocks, double learningRateScale)
    {
        _origin = origin;
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, Tensor value) in origin.Weights)
        {
            if (Trains(name, origin.Config.Depth, trainableBlocks))
            {
                using Tensor master = value.to(ScalarType.Float32);
                weights[name] = _trained[name] = TrainableTensor.Create(master, origin.Device);
            }
            else
            {
                weights[name] = Share(value, _converted);
            }
        }
        _network = VisionTransformer.FromTensors(weights, origin.Config, normalization: origin.Normalization, trainable: true);
        Parameters = [.. _trained.Select(entry => new TrainableParameter("network." + entry.Key, entry.Value) { LearningRateScale = learningRateScale })];
    }

    /// <summary>The weights that train, in ordinal order of their names, which begin with <c>network.</c>.</summary>
    public IReadOnlyList<TrainableParameter> Parameters { get; }

    /// <summary>The class token after the final norm, with gradients: [B, 3, S, S] -> [B, D] float32.</summary>
    public Tensor Features(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return _network.Forward(images).squeeze(1).MoveToOuterDisposeScope();   // [B, 1, D] -> [B, D]
    }

    /// <summary>A frozen copy of the network as it is now. It shares with the backbone what does not train.</summary>
    public FrozenNetwork Freeze()
    {
        var owned = new List<Tensor>();
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, Tensor value) in _origin.Weights)
        {
            if (!_trained.TryGetValue(name, out Parameter? parameter))
            {
                weights[name] = Share(value, owned);
                continue;
            }
            weights[name] = TrainableTensor.Freeze(parameter);
            owned.Add(weights[name]);
        }
        return new FrozenNetwork(VisionTransformer.FromTensors(weights, _origin.Config, normalization: _origin.Normalization, trainable: true), owned);
    }

    public void SaveState(StateDictionary state)
    {
        foreach (TrainableParameter parameter in Parameters) state.Add(parameter.Name, parameter.Value);
    }

    /// <summary>Checks what <see cref="LoadState"/> will take.</summary>
    public void CheckState(StateDictionary state)
    {
        foreach (TrainableParameter parameter in Parameters) state.Get(parameter.Name, parameter.Value.shape);
    }

    public void LoadState(StateDictionary state)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        foreach (TrainableParameter parameter in Parameters) parameter.Value.copy_(state.Get(parameter.Name, null));
    }

    public void Dispose()
    {
        foreach (Parameter parameter in _trained.Values) parameter.Dispose();
        foreach (Tensor copy in _converted) copy.Dispose();
    }

    private static bool Trains(string name, int depth, int? blocks)
    {
        if (blocks is not { } last) return true;
        if (last == 0) return false;
        if (name.StartsWith("norm.", StringComparison.Ordinal)) return true;
        string[] parts = name.Split('.');
        return parts[0] == "blocks" && int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) >= depth - last;
    }

    private static Tensor Share(Tensor value, List<Tensor> converted)
    {
        if (value.dtype == ScalarType.Float32) return value;
        Tensor copy = value.to(ScalarType.Float32).DetachFromDisposeScope();
        converted.Add(copy);
        return copy;
    }
}
