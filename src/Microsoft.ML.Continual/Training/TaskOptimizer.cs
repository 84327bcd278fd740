using Microsoft.ML.Continual.Methods;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>A task's optimiser: one of libtorch's for each <see cref="TrainableParameter.LearningRateScale"/> among the parameters, in the order in which the scales first occur.</summary>
internal sealed class TaskOptimizer : IDisposable
{
    private readonly List<(double Scale, optim.Optimizer Optimizer)> _groups = [];

    public TaskOptimizer(MethodOptions options, IReadOnlyList<TrainableParameter> parameters, bool firstTask)
    {
        foreach (IGrouping<double, TrainableParameter> group in parameters.GroupBy(p => p.LearningRateScale))
            _groups.Add((group.Key, Optimizers.Create(options, group.Select(p => p.Value), firstTask)));
    }

    /// <summary>Sets the learning rate, which each parameter's scale multiplies.</summary>
    public void SetRate(double rate)
    {
        foreach ((double scale, optim.Optimizer optimizer) in _groups) Optimizers.SetRate(optimizer, rate * scale);
    }

    public void ZeroGradients()
    {
        foreach ((_, optim.Optimizer optimizer) in _groups) optimizer.zero_grad();
    }

    /// <summary>One update of every parameter that has a gradient.</summary>
    public void Step()
    {
        foreach ((_, optim.Optimizer optimizer) in _groups) optimizer.step();
    }

    public void Dispose()
    {
        foreach ((_, optim.Optimizer optimizer) in _groups) optimizer.Dispose();
    }
}
