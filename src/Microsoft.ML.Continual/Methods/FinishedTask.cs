using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods;

/// <summary>What a method may see of a task after its last step.</summary>
/// <param name="ImageCount">The number of the task's training images.</param>
/// <param name="SampleImages">Up to so many different training images in random order, in the view of prediction, in batches that live until the next is asked for.</param>
/// <param name="Random">A stream of the task's own, for this purpose.</param>
/// <param name="Log">Takes a line for the user.</param>
public sealed record FinishedTask(int ImageCount, Func<int, IEnumerable<ImageBatch>> SampleImages, SeededRandom Random, Action<string> Log);
