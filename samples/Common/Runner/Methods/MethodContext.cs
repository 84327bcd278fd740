using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Pgp;

namespace Microsoft.ML.Continual.Samples.Runner.Methods;

/// <summary>What a method's trainer is made from.</summary>
/// <param name="Continual">The catalogue of this run's context.</param>
/// <param name="Backbone">The frozen network.</param>
/// <param name="Settings">The command line.</param>
/// <param name="Seed">The run's seed.</param>
public sealed record MethodContext(ContinualCatalog Continual, VisionTransformer Backbone, RunSettings Settings, int Seed)
{
    /// <summary>Puts into a method's options what the command line says; all else stays as the method has it.</summary>
    /// <returns>The options.</returns>
    public TOptions Apply<TOptions>(TOptions options) where TOptions : MethodOptions
    {
        ApplyFrozen(options);
        if (Settings.Epochs is { } epochs) options.Epochs = epochs;
        if (Settings.LearningRate is { } rate) (options.LearningRate, options.ScaleLearningRateByBatch) = (rate, false);
        if (Settings.Online) options.UseOnline().Shuffle = true;   // the papers' online setting shuffles a task's images
        if (Settings.FixedViews) options.TrainingView = TrainingView.Deterministic;
        return options;
    }

    /// <summary>As <see cref="Apply"/>, for methods that train nothing: no epochs, no rate, no training view.</summary>
    public TOptions ApplyFrozen<TOptions>(TOptions options) where TOptions : MethodOptions
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.Backbone, options.Seed) = (Backbone, Seed);
        if (Settings.BatchSize is { } batch) options.BatchSize = batch;
        return options;
    }

    /// <summary>The options of PGP, with the command line's energy for prompts and keys where it gives one.</summary>
    public PgpOptions Pgp()
    {
        var options = new PgpOptions();
        if (Settings.Energy is { } energy) (options.Energy, options.KeyEnergy) = (energy, energy);
        return options;
    }
}
