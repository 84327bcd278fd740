using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>
/// The copies that training a task in two phases needs, as in PEGP's released code: the parameters' values when the task began, from which the second phase starts again, and those at the end of the
/// first, with which it is merged.
/// </summary>
internal sealed class PhaseCopies(IReadOnlyList<TrainableParameter> parameters) : IDisposable
{
    private Tensor[]? _before, _first;

    /// <summary>The values at the end of the first phase; null before that.</summary>
    public IReadOnlyList<Tensor>? First => _first;

    /// <summary>Remembers the present values as those of the beginning, if the task has a second phase.</summary>
    public void BeginTask(bool hasSecondPhase)
    {
        Drop();
        if (hasSecondPhase) _before = Copy();
    }

    /// <summary>Remembers the present values as the first phase's and goes back to those of the beginning; once a task.</summary>
    public void BeginSecondPhase()
    {
        if (_first is not null) return;
        _first = Copy();
        Set(_before!);
    }

    /// <summary>Where there was a second phase: (1 − share) · first + share · second, into the parameters.</summary>
    public void Merge(double share)
    {
        if (_first is null) return;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Set([.. parameters.Select((p, i) => _first[i] * (1 - share) + p.Value * share)]);
    }

    /// <summary>Puts values into the parameters.</summary>
    public void Set(IReadOnlyList<Tensor> values)
    {
        using IDisposable frozen = no_grad();
        for (int i = 0; i < values.Count; i++) parameters[i].Value.copy_(values[i]);
    }

    /// <summary>Frees the copies.</summary>
    public void Drop()
    {
        foreach (Tensor value in (_before ?? []).Concat(_first ?? [])) value.Dispose();
        (_before, _first) = (null, null);
    }

    /// <summary>Writes what <see cref="BeginTask"/> does not give again.</summary>
    public void SaveProgress(StateDictionary state, int epoch)
    {
        state.Values["epoch"] = epoch;
        for (int i = 0; i < (_first?.Length ?? 0); i++) state.Add("phase1." + parameters[i].Name, _first![i]);
    }

    /// <summary>Takes over what <see cref="SaveProgress"/> wrote.</summary>
    /// <returns>The epoch.</returns>
    public int LoadProgress(StateDictionary state)
    {
        int epoch = (int?)state.Values["epoch"] ?? throw new InvalidDataException("The progress lacks the value 'epoch'.");
        bool hasFirst = state.Tensors.Keys.Any(name => name.StartsWith("phase1.", StringComparison.Ordinal));
        using DisposeScope scope = NewDisposeScope();
        Tensor[]? first = hasFirst ? [.. parameters.Select(p => TrainableTensor.Freeze(state.Get("phase1." + p.Name, p.Value.shape).to(p.Value.dtype).to(p.Value.device)))] : null;
        foreach (Tensor value in _first ?? []) value.Dispose();
        _first = first;
        return epoch;
    }

    public void Dispose() => Drop();

    private Tensor[] Copy() => [.. parameters.Select(p => TrainableTensor.Freeze(p.Value))];
}
