using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Data;

/// <summary>The order in which an epoch visits the rows of a task.</summary>
internal static class RowOrder
{
    /// <summary>Shuffles rows within a window: every place takes one of the next <paramref name="window"/> rows not taken yet, each equally likely.</summary>
    /// <param name="rows">The rows in reading order; they are left as they are.</param>
    /// <param name="window">The number of rows a reader must hold at once; as many as there are rows or more shuffles perfectly.</param>
    /// <param name="random">The stream; one number is drawn for each row.</param>
    public static int[] Shuffle(ReadOnlySpan<int> rows, int window, SeededRandom random)
    {
        int[] order = new int[rows.Length], pool = rows[..Math.Min(window, rows.Length)].ToArray();
        int held = pool.Length, next = held;
        for (int i = 0; i < order.Length; i++)
        {
            int drawn = random.NextInt(held);
            order[i] = pool[drawn];
            pool[drawn] = next < rows.Length ? rows[next++] : pool[--held];
        }
        return order;
    }

    /// <summary>Different rows out of <paramref name="count"/>, equally likely, ascending.</summary>
    public static int[] Choose(int count, int chosen, SeededRandom random)
    {
        int[] rows = random.NextPermutation(count)[..Math.Min(chosen, count)];
        Array.Sort(rows);
        return rows;
    }
}
