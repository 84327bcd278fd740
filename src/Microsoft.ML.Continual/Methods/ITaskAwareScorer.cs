using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>
/// A scorer that can use the task an image comes from, such as one with prompts of each task. Asked in the task-incremental setting only; everywhere else
/// nobody knows the task and <see cref="IScorer.Score"/> is asked.
/// </summary>
/// <remarks>A scorer without it is task-incremental all the same: its scores of other classes than the task's are left out.</remarks>
public interface ITaskAwareScorer : IScorer
{
    /// <summary>Scores a batch of images that all come from one learned task, without gradient.</summary>
    /// <param name="images">[B, 3, S, S] as <see cref="Data.ImageBatch.Images"/>.</param>
    /// <param name="task">The number of tasks learned before it, 0-based.</param>
    /// <returns>[B, C] float32 logits over all classes, as from <see cref="IScorer.Score"/>; those of other classes than the task's are not used.</returns>
    Tensor Score(Tensor images, int task);
}
