using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>What one quadratic penalty remembers: values of the parameters and how much each matters. Owns its tensors.</summary>
/// <param name="weights">By parameter: Ω, of the shape that the parameter had.</param>
/// <param name="values">By parameter: θ*, of the same shape.</param>
internal sealed class EwcAnchor(Tensor[] weights, Tensor[] values) : IDisposable
{
    /// <summary>Ω by parameter.</summary>
    public IReadOnlyList<Tensor> Weights => weights;

    /// <summary>Takes copies: Ω of the task just learned and the parameters' present values.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="fisher">Ω of the task, by parameter.</param>
    /// <param name="earlier">An earlier anchor whose Ω is added; a parameter that has gained rows counts 0 there. Null for none.</param>
    /// <param name="decay">γ: what the earlier Ω is multiplied by.</param>
    public static EwcAnchor After(IReadOnlyList<Parameter> parameters, IReadOnlyList<Tensor> fisher, EwcAnchor? earlier = null, double decay = 1)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        var sums = new Tensor[parameters.Count];
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = TrainableTensor.Freeze(fisher[i]);
            if (earlier is not null) sums[i].narrow(0, 0, earlier.Weights[i].shape[0]).add_(earlier.Weights[i], decay);
        }
        return new EwcAnchor(sums, [.. parameters.Select(TrainableTensor.Freeze)]);
    }

    /// <summary>Σ Ω (θ − θ*)² over all parameters, of those that have gained rows the old ones; a scalar in the caller's dispose scope.</summary>
    public Tensor Distance(IReadOnlyList<Parameter> parameters)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor? sum = null;
        for (int i = 0; i < values.Length; i++)
        {
            Tensor distance = ((parameters[i].narrow(0, 0, values[i].shape[0]) - values[i]).square() * weights[i]).sum();
            sum = sum is null ? distance : sum + distance;
        }
        return (sum ?? zeros(new long[] { })).MoveToOuterDisposeScope();
    }

    public void SaveState(StateDictionary state, string prefix, IReadOnlyList<string> names)
    {
        for (int i = 0; i < names.Count; i++)
        {
            state.Add($"{prefix}weight.{names[i]}", weights[i]);
            state.Add($"{prefix}value.{names[i]}", values[i]);
        }
    }

    /// <summary>Checks what <see cref="Load"/> will take.</summary>
    public static void CheckState(StateDictionary state, string prefix, IReadOnlyList<TrainableParameter> parameters)
    {
        foreach (TrainableParameter parameter in parameters)
        {
            long[] shape = [parameter.Name.StartsWith("head.", StringComparison.Ordinal) ? -1 : parameter.Value.shape[0], .. parameter.Value.shape[1..]];
            state.Get($"{prefix}value.{parameter.Name}", state.Get($"{prefix}weight.{parameter.Name}", shape).shape);
        }
    }

    public static EwcAnchor Load(StateDictionary state, string prefix, IReadOnlyList<TrainableParameter> parameters)
    {
        return new EwcAnchor([.. parameters.Select(p => Copy("weight", p))], [.. parameters.Select(p => Copy("value", p))]);

        Tensor Copy(string part, TrainableParameter parameter)
        {
            using DisposeScope scope = NewDisposeScope();
            return state.Get($"{prefix}{part}.{parameter.Name}", null).to(parameter.Value.dtype).to(parameter.Value.device, copy: true).DetachFromDisposeScope();
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in weights.Concat(values)) tensor.Dispose();
    }
}
