using System.Diagnostics;
using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Evaluation;
using Microsoft.ML.Continual.Samples.Output;
using Microsoft.ML.Continual.Samples.Runner.Methods;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual.Samples.Runner;

/// <summary>Takes one method with one seed through a benchmark's tasks. Trainers live here and nowhere else: what a run keeps beside its result passes through <see cref="Learn"/>.</summary>
internal static class MethodRun
{
    /// <summary>What a method's trainer is made from; the seed's context is its own, so that runs do not depend on those before them.</summary>
    public static MethodContext Context(int seed, BenchmarkTasks data, Backbone backbone, RunSettings settings) =>
        new(new MLContext(seed) { GpuDeviceId = settings.Gpu }.Continual(), backbone, settings, seed, data.ClassNames);

    /// <param name="method">The method.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="place">Which run of how many it is, for a person.</param>
    /// <param name="data">The tasks.</param>
    /// <param name="backbone">The frozen network.</param>
    /// <param name="settings">The command line.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    public static BenchmarkRun Learn(MethodEntry method, int seed, string place, BenchmarkTasks data, Backbone backbone, RunSettings settings, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        MethodContext context = Context(seed, data, backbone, settings);
        string title = settings.Label ?? method.Title;
        SequenceResult result = RunWatcher.Watch($"{place} {title}, seed {seed}".TrimStart(), data.Tasks.Count, options =>
        {
            (options.Name, options.Setting) = (title, settings.EvaluationOf(method));
            (options.StatePath, options.StateEverySteps) = (settings.StateOf(method, seed), settings.CheckpointEvery);
            if (method.IsJoint) return context.Continual.RunJoint(() => method.Create(context), data.Tasks, options, cancellationToken);
            using ContinualTrainer trainer = method.Create(context);
            return context.Continual.Run(trainer, data.Tasks, options, cancellationToken);
        }, method.IsJoint);
        return new BenchmarkRun(method, seed, result, watch.Elapsed);
    }
}
