using Microsoft.ML.Continual.Methods;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>A task's optimiser: one of libtorch's for each <see cref="TrainableParameter.LearningRateScale"/> among the parameters, in the order in which the scales first occur.</summary>
internal sealed class TaskOptimizer : IDisposable
{
    private readonly List<(double Scale, optim.Optimizer Optimizer)> _groups = [];

    private readonly MethodOptions _options;
    private readonly bool _firstTask;

    public TaskOptimizer(MethodOptions options, IReadOnlyList<TrainableParameter> parameters, bool firstTask)
    {
        (_options, _firstTask) = (options, firstTask);
        foreach (IGrouping<double, TrainableParameter> group in parameters.GroupBy(p => p.LearningRateScale))
            _groups.Add((group.Key, Optimizers.Create(options, group.Select(p => p.Value), firstTask)));
    }

    /// <summary>Sets the learning rates of an epoch, 0-based, each by its parameters' scale.</summary>
    public void SetEpoch(int epoch)
    {
        foreach ((double scale, optim.Optimizer optimizer) in _groups) Optimizers.SetRate(optimizer, Optimizers.RateOf(_options, epoch, _firstTask, scale));
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
