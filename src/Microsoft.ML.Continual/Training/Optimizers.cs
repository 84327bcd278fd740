using Microsoft.ML.Continual.Methods;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>Makes a task's optimiser and moves its learning rate.</summary>
internal static class Optimizers
{
    /// <summary>The learning rate at the start of a task.</summary>
    public static double BaseRate(MethodOptions options) =>
        options.ScaleLearningRateByBatch ? options.LearningRate * options.BatchSize / 256 : options.LearningRate;

    /// <summary>The learning rate of an epoch, 0-based.</summary>
    public static double RateOf(MethodOptions options, int epoch) => options.Schedule switch
    {
        LearningRateSchedule.Cosine => BaseRate(options) * (1 + Math.Cos(Math.PI * epoch / options.Epochs)) / 2,
        // The tolerance keeps shares such as 0.7 of 10 epochs whole.
        LearningRateSchedule.Steps => BaseRate(options) * Math.Pow(options.DecayFactor, options.DecayAt.Count(share => epoch >= share * options.Epochs - 1e-9)),
        _ => BaseRate(options),
    };

    /// <summary>A fresh optimiser. The βs are spelt out because their defaults differ between versions of TorchSharp.</summary>
    public static optim.Optimizer Create(MethodOptions options, IEnumerable<Parameter> parameters)
    {
        double rate = BaseRate(options);
        return options.Optimizer switch
        {
            OptimizerKind.AdamW => optim.AdamW(parameters, rate, 0.9, 0.999, 1e-8, options.WeightDecay),
            OptimizerKind.Sgd => optim.SGD(parameters, rate, options.Momentum, 0, options.WeightDecay),
            _ => optim.Adam(parameters, rate, 0.9, 0.999, 1e-8, options.WeightDecay),
        };
    }

    /// <summary>Sets the learning rate of every parameter group.</summary>
    public static void SetRate(optim.Optimizer optimizer, double rate)
    {
        foreach (optim.ILearningRateController group in optimizer.ParamGroups) group.LearningRate = rate;
    }
}
