namespace Microsoft.ML.Continual.Methods.Lorac;

/// <summary>Chooses the matrices that are frozen after a task, by importance.</summary>
internal static class LoracFreezing
{
    /// <summary>The number of matrices to freeze: the whole part of the share.</summary>
    public static int Count(double share, int matrices) => (int)Math.Floor(share * matrices);

    /// <summary>The matrices frozen after a task.</summary>
    /// <param name="scores">The importance of each matrix, 0 or more; of frozen ones it does not matter.</param>
    /// <param name="frozen">Those frozen before.</param>
    /// <param name="share">θ.</param>
    /// <param name="ofRemaining">Whether the share is of the matrices with a score above 0 in place of all.</param>
    /// <param name="asReleased">
    /// Whether all that reach the score of the last one chosen are frozen, as in the released code: equal scores freeze more, and where fewer are left than asked for everything is frozen.
    /// </param>
    public static bool[] Select(IReadOnlyList<double> scores, IReadOnlyList<bool> frozen, double share, bool ofRemaining, bool asReleased)
    {
        double[] competing = [.. scores.Select((score, i) => frozen[i] ? 0 : score)];
        bool[] result = [.. frozen];
        int count = Count(share, ofRemaining ? competing.Count(score => score != 0) : competing.Length);
        if (count == 0) return result;
        if (asReleased)
        {
            double cut = competing.OrderDescending().ElementAt(count - 1);
            for (int i = 0; i < result.Length; i++) result[i] |= competing[i] >= cut;
            return result;
        }
        // A stable sort: among equals the lower index wins.
        foreach (int i in Enumerable.Range(0, competing.Length).Where(i => !frozen[i]).OrderByDescending(i => competing[i]).Take(count)) result[i] = true;
        return result;
    }
}
