using Microsoft.ML.Continual.Pgp;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

/// <summary>Adds gradient projection to a trainer.</summary>
public static class GradientProjectionExtensions
{
    /// <summary>A trainer of the same method whose updates leave old tasks' activations and prompts alone (PGP, ICLR 2024).</summary>
    /// <param name="trainer">A trainer that has learned nothing yet; it stays as it is.</param>
    /// <param name="options">What is protected and how; null is <see cref="PgpOptions.Stacked"/>, the rigorous preset.</param>
    /// <returns>A trainer with the same options and seed, so that both see the same batches and their results can be compared in pairs.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, what was expected and what was found.</exception>
    /// <exception cref="InvalidOperationException">The trainer has learned a task already, or has a constraint.</exception>
    public static ContinualTrainer WithGradientProjection(this ContinualTrainer trainer, PgpOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        return trainer.WithConstraint(options ?? PgpOptions.Stacked);
    }
}
