namespace Microsoft.ML.Continual.ServeLoad;

/// <summary>What a load showed.</summary>
/// <param name="Seconds">The measured time.</param>
/// <param name="Clients">The clients.</param>
/// <param name="Latencies">Of every answer, in milliseconds, ascending.</param>
/// <param name="Right">Answers with the picture's label.</param>
/// <param name="Failures">What came in place of an answer, and how often; the warm-up's too.</param>
/// <param name="Memory">The server's working set over the measured time, in MiB.</param>
internal sealed record LoadResult(double Seconds, int Clients, IReadOnlyList<double> Latencies, int Right, IReadOnlyDictionary<string, int> Failures, IReadOnlyList<double> Memory)
{
    /// <summary>Writes it down; whether every answer was one and the memory stayed within the bound.</summary>
    public bool Report(TextWriter writer, double maximumGrowth)
    {
        // Quarters, not ends: one sample falls before or after a collection.
        int quarter = Math.Max(1, Memory.Count / 4);
        double first = Median([.. Memory.Take(quarter)]), last = Median([.. Memory.TakeLast(quarter)]);
        writer.WriteLine($"serve-load: {Latencies.Count} predictions in {Seconds:0.0} s by {Clients} clients: {Latencies.Count / Seconds:0.0} images/s");
        if (Latencies.Count > 0)
        {
            writer.WriteLine($"serve-load: latency p50 {Percentile(0.5):0.0} ms, p95 {Percentile(0.95):0.0} ms, p99 {Percentile(0.99):0.0} ms, most {Latencies[^1]:0.0} ms");
            writer.WriteLine($"serve-load: {100.0 * Right / Latencies.Count:0.0} % of the labels right");
        }
        writer.WriteLine($"serve-load: server's memory {first:0.0} MiB in the first quarter, {last:0.0} MiB in the last (medians), {Memory.Max():0.0} MiB at most");
        foreach ((string what, int count) in Failures) writer.WriteLine($"serve-load: FAILED: {count} times {what} in place of an answer");
        if (Latencies.Count == 0) writer.WriteLine("serve-load: FAILED: no answer at all");
        bool grew = last - first > maximumGrowth;
        if (grew) writer.WriteLine($"serve-load: FAILED: the memory grew by {last - first:0.0} MiB; the bound is {maximumGrowth:0.#} MiB");
        return !grew && Failures.Count == 0 && Latencies.Count > 0;
    }

    private double Percentile(double share) => Latencies[Math.Min(Latencies.Count - 1, (int)(share * Latencies.Count))];

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
