using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>A task's optimiser: one of libtorch's for each <see cref="TrainableParameter.LearningRateScale"/> among the parameters, in the order in which the scales first occur.</summary>
internal sealed class TaskOptimizer : IDisposable
{
    private readonly List<(double Scale, optim.Optimizer Optimizer, Parameter[] Parameters)> _groups = [];

    private readonly MethodOptions _options;
    private readonly bool _firstTask;

    public TaskOptimizer(MethodOptions options, IReadOnlyList<TrainableParameter> parameters, bool firstTask)
    {
        (_options, _firstTask) = (options, firstTask);
        foreach (IGrouping<double, TrainableParameter> group in parameters.GroupBy(p => p.LearningRateScale))
        {
            Parameter[] own = [.. group.Select(p => p.Value)];
            _groups.Add((group.Key, Optimizers.Create(options, own, firstTask), own));
        }
    }

    /// <summary>Sets the learning rates of an epoch, 0-based, each by its parameters' scale.</summary>
    public void SetEpoch(int epoch)
    {
        foreach ((double scale, optim.Optimizer optimizer, _) in _groups) Optimizers.SetRate(optimizer, Optimizers.RateOf(_options, epoch, _firstTask, scale));
    }

    public void ZeroGradients()
    {
        foreach ((_, optim.Optimizer optimizer, _) in _groups) optimizer.zero_grad();
    }

    /// <summary>One update of every parameter that has a gradient.</summary>
    public void Step()
    {
        foreach ((_, optim.Optimizer optimizer, _) in _groups) optimizer.step();
    }

    /// <summary>Writes what is remembered of each parameter: moments and numbers of steps. What is not there yet is left out.</summary>
    public void SaveState(StateDictionary state)
    {
        foreach ((string name, OptimizerState remembered) in States())
        {
            switch (remembered)
            {
                case Adam.State { step: > 0 } adam: SaveMoments(adam.step, adam.exp_avg, adam.exp_avg_sq); break;
                case AdamW.State { step: > 0 } adam: SaveMoments(adam.step, adam.exp_avg, adam.exp_avg_sq); break;
                case SGD.State { momentum_buffer: { } buffer }: state.Add(name + "momentum", buffer); break;
            }

            void SaveMoments(long step, Tensor first, Tensor second)
            {
                state.Values[name + "step"] = step;
                state.Add(name + "first", first);
                state.Add(name + "second", second);
            }
        }
    }

    /// <summary>Takes over what <see cref="SaveState"/> wrote.</summary>
    /// <exception cref="InvalidDataException">A tensor is of another shape than its parameter.</exception>
    public void LoadState(StateDictionary state)
    {
        List<long[]> shapes = [.. _groups.SelectMany(g => g.Parameters).Select(p => p.shape)];
        int i = 0;
        foreach ((string name, OptimizerState remembered) in States())
        {
            long[] shape = shapes[i++];
            switch (remembered)
            {
                case Adam.State adam when state.Values[name + "step"] is { } step:
                    adam.step = (long)step;
                    Put(ref adam.exp_avg, name + "first", shape);
                    Put(ref adam.exp_avg_sq, name + "second", shape);
                    break;
                case AdamW.State adam when state.Values[name + "step"] is { } step:
                    adam.step = (long)step;
                    Put(ref adam.exp_avg, name + "first", shape);
                    Put(ref adam.exp_avg_sq, name + "second", shape);
                    break;
                case SGD.State sgd when state.Contains(name + "momentum"):
                    Put(ref sgd.momentum_buffer, name + "momentum", shape);
                    break;
            }
        }

        void Put(ref Tensor place, string name, long[] shape)
        {
            Tensor value = state.Get(name, shape);
            ScalarType type = _groups[0].Parameters[0].dtype;
            if (value.dtype != type) throw new InvalidDataException($"The optimiser's tensor '{name}': expected {type}; found {value.dtype}.");
            using var scope = NewDisposeScope();
            place?.Dispose();
            place = OwnMemory.Copy(value).to(_groups[0].Parameters[0].device).DetachFromDisposeScope();
        }
    }

    /// <summary>The optimisers' own objects, in the order of the parameters, by a name that says which.</summary>
    private IEnumerable<(string Name, OptimizerState State)> States()
    {
        for (int g = 0; g < _groups.Count; g++)
        {
            int i = 0;
            foreach (OptimizerState state in ((OptimizerHelper)_groups[g].Optimizer).state_dict().State) yield return ($"{g}.{i++}.", state);
        }
    }

    public void Dispose()
    {
        foreach ((_, optim.Optimizer optimizer, _) in _groups) optimizer.Dispose();
    }
}
