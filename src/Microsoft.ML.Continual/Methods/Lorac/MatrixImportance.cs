using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>
/// How much each weight matrix matters to a task: the mean of |W ⊙ ∂loss/∂W| over its entries in each step, smoothed (sensitivity), times the smoothed distance of a step's value from it (uncertainty).
/// </summary>
/// <remarks>On the device; read once a task.</remarks>
internal sealed class MatrixImportance : IDisposable
{
    private readonly double _sensitivityDecay, _uncertaintyDecay;
    private readonly Tensor _sensitivity, _uncertainty;   // [K]

    public MatrixImportance(int matrices, double sensitivityDecay, double uncertaintyDecay, Device device)
    {
        (_sensitivityDecay, _uncertaintyDecay) = (sensitivityDecay, uncertaintyDecay);
        using DisposeScope scope = NewDisposeScope();
        _sensitivity = zeros(new long[] { matrices }, ScalarType.Float32, device).DetachFromDisposeScope();
        _uncertainty = zeros(new long[] { matrices }, ScalarType.Float32, device).DetachFromDisposeScope();
    }

    /// <summary>[K].</summary>
    public Tensor Sensitivity => _sensitivity;

    /// <summary>[K].</summary>
    public Tensor Uncertainty => _uncertainty;

    /// <summary>mean |W ⊙ g|, a scalar.</summary>
    public static Tensor Of(Tensor weight, Tensor gradient)
    {
        using DisposeScope scope = NewDisposeScope();
        return (weight.detach() * gradient).abs().mean().MoveToOuterDisposeScope();
    }

    /// <summary>Takes in a step: Ī ← β₁·Ī + (1 − β₁)·I, then Ū ← β₂·Ū + (1 − β₂)·|I − Ī| with the new Ī.</summary>
    /// <param name="importance">I, [K].</param>
    public void Add(Tensor importance)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        _sensitivity.mul_(_sensitivityDecay).add_(importance * (1 - _sensitivityDecay));
        _uncertainty.mul_(_uncertaintyDecay).add_((importance - _sensitivity).abs() * (1 - _uncertaintyDecay));
    }

    /// <summary>Ī · Ū of each matrix.</summary>
    public double[] Scores()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return [.. (_sensitivity * _uncertainty).cpu().data<float>().ToArray().Select(score => (double)score)];
    }

    public void Reset()
    {
        using IDisposable frozen = no_grad();
        _sensitivity.zero_();
        _uncertainty.zero_();
    }

    public void SaveProgress(StateDictionary state)
    {
        state.Add("importance.sensitivity", _sensitivity);
        state.Add("importance.uncertainty", _uncertainty);
    }

    public void LoadProgress(StateDictionary state)
    {
        Tensor sensitivity = state.Get("importance.sensitivity", _sensitivity.shape), uncertainty = state.Get("importance.uncertainty", _uncertainty.shape);
        using IDisposable frozen = no_grad();
        _sensitivity.copy_(sensitivity);
        _uncertainty.copy_(uncertainty);
    }

    public void Dispose()
    {
        _sensitivity.Dispose();
        _uncertainty.Dispose();
    }
}
