namespace Microsoft.ML.Continual.Pgp;

/// <summary>A Gaussian filter over a sequence, cut at four deviations, with the ends mirrored: … c b a | a b c ….</summary>
internal static class SpectrumSmoother
{
    public static double[] Gaussian(IReadOnlyList<double> values, double deviation)
    {
        int radius = (int)(4 * deviation + 0.5), n = values.Count;
        double[] weights = [.. Enumerable.Range(0, radius + 1).Select(j => Math.Exp(-0.5 * j * j / (deviation * deviation)))];
        double sum = weights[0] + 2 * weights.Skip(1).Sum();
        double[] smooth = new double[n];
        for (int i = 0; i < n; i++)
        {
            double value = weights[0] * values[i];
            for (int j = 1; j <= radius; j++) value += weights[j] * (values[Mirror(i - j, n)] + values[Mirror(i + j, n)]);
            smooth[i] = value / sum;
        }
        return smooth;
    }

    // Any index, however far outside, to one inside.
    private static int Mirror(int index, int n)
    {
        int period = 2 * n, inPeriod = (index % period + period) % period;
        return inPeriod < n ? inPeriod : period - 1 - inPeriod;
    }
}
