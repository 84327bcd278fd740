using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>What a constraint may see of a task.</summary>
/// <param name="Index">The number of tasks before it, 0-based.</param>
/// <param name="ImageCount">The number of the task's training images.</param>
/// <param name="SampleImages">
/// Draws up to the given number of different training images, in random order, in the training view, and yields them in batches
/// [B, 3, S, S]; each batch lives until the next is asked for. The number of images in all is the smaller of the two counts.
/// </param>
/// <param name="Log">Takes a line for the user.</param>
public sealed record ConstraintTask(int Index, int ImageCount, Func<int, IEnumerable<Tensor>> SampleImages, Action<string> Log)
{
    /// <summary>As <see cref="SampleImages"/>, in the view of prediction.</summary>
    public Func<int, IEnumerable<Tensor>> SampleEvaluationImages { get; init; } = SampleImages;
}
