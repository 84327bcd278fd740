using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;
using Microsoft.ML.Continual.Tasks;

namespace Microsoft.ML.Continual.Methods;

/// <summary>What a method learns about a task before it trains on it.</summary>
/// <param name="Index">The number of tasks before it, 0-based.</param>
/// <param name="Classes">The indices of the classes that occur in the task, ascending.</param>
/// <param name="ClassCount">The number of classes seen up to and with this task: the classifier's new size.</param>
/// <param name="ImageCount">The number of the task's training images.</param>
/// <param name="Random">The task's own random stream: new classifier rows come from it.</param>
public sealed record MethodTask(int Index, IReadOnlyList<int> Classes, int ClassCount, int ImageCount, SeededRandom Random)
{
    /// <summary>The label values of the classes, by class index: for methods that read their meaning.</summary>
    /// <value>The default is null: nobody has said.</value>
    public ClassRegistry? Labels { get; init; }

    /// <summary>The task's images as they came, for methods that remember some. Null where nobody has them.</summary>
    internal ITaskImages? Images { get; init; }
}
