using Microsoft.ML.Continual.Pgp;
using Microsoft.ML.Continual.Training;

namespace Microsoft.ML.Continual;

/// <summary>Adds the null-space projection of NSP² to a trainer.</summary>
public static class NullSpaceExtensions
{
    /// <summary>A trainer of the same method whose steps keep to directions that old tasks hardly use (NSP², NeurIPS 2024).</summary>
    /// <param name="trainer">A trainer that has learned nothing yet; it stays as it is.</param>
    /// <param name="options">How far and how; null is <c>new NullSpaceOptions()</c>, the paper's settings for 10 tasks of CIFAR-100.</param>
    /// <returns>A trainer with the same options and seed, so that both see the same batches and their results can be compared in pairs.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, what was expected and what was found.</exception>
    /// <exception cref="InvalidOperationException">The trainer has learned a task already, or has a constraint.</exception>
    public static ContinualTrainer WithNullSpaceProjection(this ContinualTrainer trainer, NullSpaceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        return trainer.WithConstraint(options ?? new NullSpaceOptions());
    }
}
