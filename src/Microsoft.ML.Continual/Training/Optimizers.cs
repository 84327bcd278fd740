using Microsoft.ML.Continual.Methods;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>Makes a task's optimiser and moves its learning rate.</summary>
internal static class Optimizers
{
    /// <summary>The learning rate at the start of a task.</summary>
    public static double BaseRate(MethodOptions options, bool firstTask = false)
    {
        double rate = (firstTask ? options.FirstTaskLearningRate : null) ?? options.LearningRate;
        return options.ScaleLearningRateByBatch ? rate * options.BatchSize / 256 : rate;
    }

    /// <summary>The learning rate of an epoch, 0-based, for parameters of a <see cref="TrainableParameter.LearningRateScale"/>. The rate at which a cosine ends is not scaled.</summary>
    public static double RateOf(MethodOptions options, int epoch, bool firstTask = false, double scale = 1) => options.Schedule switch
    {
        LearningRateSchedule.Cosine => Cosine(options, epoch, firstTask, scale),
        LearningRateSchedule.DelayedCosine => Cosine(options, Math.Max(0, epoch - 1), firstTask, scale),
        LearningRateSchedule.QuarterCosine => Between(options, firstTask, scale, Math.Cos(0.99 * Math.PI / 2 * Math.Min(epoch, options.Epochs - 1) / Math.Max(1, options.Epochs - 1))),
        // The tolerance keeps shares such as 0.7 of 10 epochs whole.
        LearningRateSchedule.Steps => scale * BaseRate(options, firstTask) * Math.Pow(options.DecayFactor, options.DecayAt.Count(share => epoch >= share * options.Epochs - 1e-9)),
        _ => scale * BaseRate(options, firstTask),
    };

    private static double Cosine(MethodOptions options, int epoch, bool firstTask, double scale) => Between(options, firstTask, scale, (1 + Math.Cos(Math.PI * epoch / options.Epochs)) / 2);

    private static double Between(MethodOptions options, bool firstTask, double scale, double share) =>
        options.MinimumLearningRate + (scale * BaseRate(options, firstTask) - options.MinimumLearningRate) * share;

    /// <summary>A fresh optimiser. The βs are spelt out because their defaults differ between versions of TorchSharp.</summary>
    public static optim.Optimizer Create(MethodOptions options, IEnumerable<Parameter> parameters, bool firstTask = false)
    {
        double rate = BaseRate(options, firstTask), decay = (firstTask ? options.FirstTaskWeightDecay : null) ?? options.WeightDecay;
        return options.Optimizer switch
        {
            OptimizerKind.AdamW => optim.AdamW(parameters, rate, 0.9, 0.999, 1e-8, decay),
            OptimizerKind.Sgd => optim.SGD(parameters, rate, options.Momentum, 0, decay),
            _ => optim.Adam(parameters, rate, 0.9, 0.999, 1e-8, decay),
        };
    }

    /// <summary>Sets the learning rate of every parameter group.</summary>
    public static void SetRate(optim.Optimizer optimizer, double rate)
    {
        foreach (optim.ILearningRateController group in optimizer.ParamGroups) group.LearningRate = rate;
    }
}
