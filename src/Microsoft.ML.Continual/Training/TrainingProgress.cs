using System.Globalization;

namespace Microsoft.ML.Continual.Training;

/// <summary>How far a <c>Fit</c> has come; sent to the <see cref="IProgress{T}"/> that was given to it.</summary>
/// <remarks>
/// One is sent every 20 steps and one at the end of each epoch, where <see cref="Step"/> equals <see cref="Steps"/>. In between
/// nothing is read from the device, so that a report costs no speed.
/// </remarks>
/// <param name="TaskIndex">The number of tasks learned before this one, 0-based.</param>
/// <param name="TaskName">The task's name.</param>
/// <param name="Epoch">The epoch under way, 1-based.</param>
/// <param name="Epochs">The number of epochs of the task.</param>
/// <param name="Step">The number of steps done in this epoch.</param>
/// <param name="Steps">The number of steps of an epoch.</param>
/// <param name="Loss">The mean cross-entropy over the epoch's images so far, in nats.</param>
/// <param name="Accuracy">The fraction of the epoch's images so far that were classified right among the task's classes, in [0, 1].</param>
/// <param name="LearningRate">The optimiser's learning rate in this epoch.</param>
/// <param name="ImagesPerSecond">Training images a second since the task's first step.</param>
public sealed record TrainingProgress(
    int TaskIndex, string TaskName, int Epoch, int Epochs, int Step, int Steps,
    double Loss, double Accuracy, double LearningRate, double ImagesPerSecond)
{
    /// <summary>The share of the task's steps that are done, in [0, 1].</summary>
    public double Fraction => (Epoch - 1 + (double)Step / Math.Max(1, Steps)) / Epochs;

    /// <summary>One line for a person.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{TaskName}: epoch {Epoch}/{Epochs}, step {Step}/{Steps}, loss {Loss:0.0000}, accuracy {100 * Accuracy:0.0} %, learning rate {LearningRate:0.######}, {ImagesPerSecond:0} images/s");
}
