using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Training;

/// <summary>All that the training loop knows of a task.</summary>
/// <param name="Index">The number of tasks before it, 0-based.</param>
/// <param name="Name">The name for messages.</param>
/// <param name="Classes">The class indices that occur in it, ascending.</param>
/// <param name="ClassCount">The number of classes seen up to and with this task.</param>
/// <param name="ImageCount">The number of training images.</param>
/// <param name="Epoch">
/// The mini-batches of one pass, in the order the stream gives. A batch's tensors are made in the dispose scope that is current when the batch is asked for.
/// </param>
/// <param name="Sample">Up to so many different images in random order, in batches that live until the next is asked for.</param>
/// <param name="Random">The task's own stream.</param>
internal sealed record TrainingTask(
    int Index, string Name, IReadOnlyList<int> Classes, int ClassCount, int ImageCount,
    Func<SeededRandom, IEnumerable<ImageBatch>> Epoch, Func<int, SeededRandom, IEnumerable<Tensor>> Sample, SeededRandom Random)
{
    /// <summary>Up to so many different images in random order, in the view of prediction, in batches that live until the next is asked for.</summary>
    public Func<int, SeededRandom, IEnumerable<ImageBatch>> SampleEvaluation { get; init; } = (_, _) => [];

    /// <summary>The label values of all classes seen up to and with this task; frozen. Null where nobody has said.</summary>
    public ClassRegistry? Labels { get; init; }

    /// <summary>The task's images themselves, for methods that keep some. Null where nobody has them.</summary>
    public ITaskImages? Images { get; init; }
}
