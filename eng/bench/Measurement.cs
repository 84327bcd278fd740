namespace Microsoft.ML.Continual.Bench;

/// <summary>One thing to measure on both sides. The sides take turns, round by round, so that what else happens on the machine meets both.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Images">Images in one turn of a baseline.</param>
/// <param name="Baseline">One turn of a baseline: its seconds.</param>
/// <param name="Ours">One turn of each of our variants: its seconds.</param>
internal sealed record Measurement(string Name, int Images, Func<Baseline, double> Baseline, IReadOnlyList<Variant> Ours)
{
    /// <summary>Takes turns and returns a row for each variant and baseline, from the medians.</summary>
    public IEnumerable<BenchResult> Run(IReadOnlyList<Baseline> baselines, int rounds)
    {
        var theirs = baselines.ToDictionary(baseline => baseline, _ => new List<double>());
        var ours = Ours.ToDictionary(variant => variant, _ => new List<double>());
        for (int round = -1; round < rounds; round++)   // round −1 warms up
        {
            foreach (Baseline baseline in baselines)
                Keep(theirs[baseline], Baseline(baseline), round);
            foreach (Variant variant in Ours)
                Keep(ours[variant], variant.Turn(), round);
        }
        return from variant in Ours
               from baseline in baselines
               select new BenchResult(
                   variant.Name.Length == 0 ? Name : $"{Name}, {variant.Name}", baseline.Precision,
                   variant.Images / Median(ours[variant]), Images / Median(theirs[baseline]), variant.OperationsPerImage);
    }

    private static void Keep(List<double> times, double seconds, int round)
    {
        if (round >= 0) times.Add(seconds);
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

/// <summary>One of our ways to do a measurement's work.</summary>
/// <param name="Name">What sets it apart, or nothing.</param>
/// <param name="Images">Images in one turn.</param>
/// <param name="OperationsPerImage">Multiplications and additions of the mathematics, for the limit of the device.</param>
/// <param name="Turn">Does one turn and returns its seconds.</param>
internal sealed record Variant(string Name, int Images, double OperationsPerImage, Func<double> Turn);

/// <summary>One line of the table, in images a second.</summary>
internal sealed record BenchResult(string Name, string BaselinePrecision, double Ours, double Baseline, double OperationsPerImage)
{
    public double Ratio => Ours / Baseline;
}
