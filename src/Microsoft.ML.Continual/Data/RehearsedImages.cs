using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Data;

/// <summary>A task's images, and after them remembered ones that lie in memory.</summary>
/// <param name="task">The task's images.</param>
/// <param name="taskCount">Their number: remembered images have the rows from there on.</param>
/// <param name="remembered">The remembered images.</param>
internal sealed class RehearsedImages(IImageSource task, int taskCount, IReadOnlyList<HostImage> remembered) : IImageSource
{
    /// <summary>Where the task's images are all in memory, so are these together.</summary>
    public int Window => task.Window >= taskCount ? task.Window + remembered.Count : task.Window;

    /// <summary>Puts remembered images evenly between a task's rows: a stream that is shuffled within a window meets them all along its way.</summary>
    /// <param name="rows">The task's rows, ascending.</param>
    /// <param name="taskCount">The row of the first remembered image.</param>
    /// <param name="remembered">The number of remembered images.</param>
    public static int[] Spread(IReadOnlyList<int> rows, int taskCount, int remembered)
    {
        int[] order = new int[rows.Count + remembered];
        int taken = 0;
        for (int i = 0; i < order.Length; i++)
        {
            long due = (i + 1L) * rows.Count / order.Length;   // of the task's rows, after this place
            order[i] = due > taken ? rows[taken++] : taskCount + i - taken;
        }
        return order;
    }

    /// <summary>The same order with the remembered images exchanged among their places at random.</summary>
    public int[] MixRemembered(int[] order, SeededRandom random)
    {
        int[] permutation = random.NextPermutation(remembered.Count);
        return [.. order.Select(row => row < taskCount ? row : taskCount + permutation[row - taskCount])];
    }

    public IEnumerable<HostImage> Read(IReadOnlyList<int> order, CancellationToken cancellationToken)
    {
        using IEnumerator<HostImage> own = task.Read([.. order.Where(row => row < taskCount)], cancellationToken).GetEnumerator();
        foreach (int row in order)
        {
            if (row >= taskCount)
            {
                yield return remembered[row - taskCount];
                continue;
            }
            own.MoveNext();
            yield return own.Current;
        }
    }
}
