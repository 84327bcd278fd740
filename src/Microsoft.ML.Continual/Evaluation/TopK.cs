namespace Microsoft.ML.Continual.Evaluation;

/// <summary>Ranks of classes in a row of scores.</summary>
internal static class TopK
{
    /// <summary>
    /// How many classes come before <paramref name="label"/> when classes are ordered by falling score, equal scores by rising index.
    /// A label is right at top k when its rank is below k.
    /// </summary>
    public static int Rank(ReadOnlySpan<float> scores, int label)
    {
        float own = scores[label];
        int before = 0;
        for (int c = 0; c < scores.Length; c++)
            if (scores[c] > own || scores[c] == own && c < label) before++;
        return before;
    }
}
