namespace Microsoft.ML.Continual.Pgp;

/// <summary>Finds where a spectrum's null space begins.</summary>
internal static class Nullity
{
    private const int SmoothedFrom = 128;
    private const double SmoothingDeviation = 10, TrimmedShare = 0.03;

    /// <summary>The index of the first null direction; n when there is none; null where the rule cannot be applied (a knee needs three values).</summary>
    /// <param name="values">n eigenvalues, descending, not negative.</param>
    /// <param name="query">The rule and its numbers.</param>
    public static int? FirstNull(IReadOnlyList<double> values, NullityQuery query)
    {
        int n = values.Count;
        if (query.Given is { } nullity) return n - Math.Min(nullity, n);
        switch (query.Rule)
        {
            case NullityRule.Multiple: return First(values, values[n - 1] * query.Multiple, inclusive: true);
            case NullityRule.Tolerance: return First(values, values[0] * query.Tolerance, inclusive: false);
        }
        if (n < 3) return null;
        if (query.Rule == NullityRule.BehindKnee) return LargestSecondDifference(values, 0) + 1;
        bool smooth = n >= SmoothedFrom;
        int knee = LargestSecondDifference(smooth ? SpectrumSmoother.Gaussian(values, SmoothingDeviation) : values, smooth ? (int)(n * TrimmedShare / 2) : 0);
        if (query.PastTies)
            while (knee + 1 < n && values[knee + 1] >= values[knee]) knee++;
        return query.Offset is >= 0 and < 1 ? Math.Min(knee + (int)(query.Offset * (n - knee)), n - 1) : Math.Clamp(knee + (int)query.Offset, 0, n - 1);
    }

    /// <summary>The index i of the largest f[i−1] − 2 f[i] + f[i+1], the first among equals.</summary>
    /// <param name="f">At least three values.</param>
    /// <param name="trimmed">How many differences are left out at each end.</param>
    private static int LargestSecondDifference(IReadOnlyList<double> f, int trimmed)
    {
        int best = trimmed + 1;
        double largest = double.NegativeInfinity;
        for (int i = trimmed + 1; i < f.Count - 1 - trimmed; i++)
        {
            double difference = f[i - 1] - f[i] - (f[i] - f[i + 1]);
            if (difference > largest) (best, largest) = (i, difference);
        }
        return best;
    }

    private static int First(IReadOnlyList<double> values, double bound, bool inclusive)
    {
        for (int i = 0; i < values.Count; i++)
            if (inclusive ? values[i] <= bound : values[i] < bound) return i;
        return values.Count;
    }
}
