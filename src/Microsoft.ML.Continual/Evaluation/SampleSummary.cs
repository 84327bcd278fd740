using System.Globalization;

namespace Microsoft.ML.Continual.Evaluation;

/// <summary>What a handful of numbers say about the mean behind them: those of runs with several seeds, or the differences of two methods run with the same seeds.</summary>
/// <param name="Count">The number of values, n.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">The standard deviation of a sample (divided by n − 1); NaN for one value.</param>
public readonly record struct SampleSummary(int Count, double Mean, double Deviation)
{
    // Student's t: what |mean| / error exceeds by chance one time in twenty, for 1, 2, … 30 degrees of freedom.
    private static readonly double[] s_quantiles =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>The standard error of the mean, deviation / √n; NaN for one value.</summary>
    public double StandardError => Deviation / Math.Sqrt(Count);

    /// <summary>Half the width of the mean's 95 % confidence interval by Student's t; NaN for one value.</summary>
    public double HalfInterval => Count < 2 ? double.NaN : StandardError * (Count - 2 < s_quantiles.Length ? s_quantiles[Count - 2] : 1.96 + 2.4 / (Count - 1));

    /// <summary>Whether 0 lies outside the 95 % confidence interval: chance alone would rarely give such a mean. Never for one value.</summary>
    public bool IsClear => Math.Abs(Mean) > HalfInterval;

    /// <summary>Counts.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static SampleSummary Of(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0) throw new ArgumentException("A summary needs at least one value.", nameof(values));
        double mean = values.Average();
        return new SampleSummary(values.Count, mean, values.Count == 1 ? double.NaN : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1)));
    }

    /// <summary>The differences a − b of two methods over the seeds that both were run with.</summary>
    /// <param name="a">The runs of one method, each with a seed of its own.</param>
    /// <param name="b">Those of the other.</param>
    /// <param name="measure">What is compared.</param>
    /// <returns>The summary, or null where no seed is in both.</returns>
    public static SampleSummary? OfPairs(IReadOnlyList<SequenceResult> a, IReadOnlyList<SequenceResult> b, Func<SequenceResult, double> measure)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        ArgumentNullException.ThrowIfNull(measure);
        double[] differences = [.. from left in a join right in b on left.Seed equals right.Seed where left.Seed is not null select measure(left) - measure(right)];
        return differences.Length == 0 ? null : Of(differences);
    }

    /// <summary>Mean ± standard deviation with one decimal; the mean alone for one value.</summary>
    public override string ToString()
    {
        string mean = Mean.ToString("0.0;−0.0;0.0", CultureInfo.InvariantCulture);
        return Count < 2 ? mean : string.Create(CultureInfo.InvariantCulture, $"{mean} ± {Deviation:0.0}");
    }

    /// <summary>A difference: its mean with a sign ± standard error, with one decimal; the difference alone for one value.</summary>
    public string ToDifference()
    {
        string mean = Mean.ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);
        return Count < 2 ? mean : string.Create(CultureInfo.InvariantCulture, $"{mean} ± {StandardError:0.0}");
    }
}
