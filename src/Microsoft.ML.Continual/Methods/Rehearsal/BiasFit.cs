namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>BiC's second stage: the α and β of the new classes' logits that minimise the cross-entropy of validation images. Convex in both, so that Newton's method finds them.</summary>
internal static class BiasFit
{
    private const int MaximumIterations = 100;
    private const double LongestStep = 1;

    /// <summary>Finds α and β.</summary>
    /// <param name="logits">By image: the logits, uncorrected.</param>
    /// <param name="labels">By image: the class.</param>
    /// <param name="first">The first new class n; all from there on are new.</param>
    /// <param name="penalty">The weight w of w β² / 2.</param>
    public static (double Alpha, double Beta) Fit(IReadOnlyList<double[]> logits, IReadOnlyList<int> labels, int first, double penalty)
    {
        double alpha = 1, beta = 0, value = Evaluate(logits, labels, first, penalty, alpha, beta).Value;
        for (int i = 0; i < MaximumIterations; i++)
        {
            var at = Evaluate(logits, labels, first, penalty, alpha, beta);
            // The ridge keeps the step finite where the logits tell nothing about one of the two.
            double ridge = 1e-9 + 1e-9 * (at.AlphaAlpha + at.BetaBeta), aa = at.AlphaAlpha + ridge, bb = at.BetaBeta + ridge, ab = at.AlphaBeta;
            double determinant = aa * bb - ab * ab;
            double da = -(bb * at.Alpha - ab * at.Beta) / determinant, db = -(aa * at.Beta - ab * at.Alpha) / determinant;
            double length = Math.Sqrt(da * da + db * db);
            if (!double.IsFinite(length) || length < 1e-12) break;
            double share = Math.Min(1, LongestStep / length);
            double next = value;
            while (share > 1e-10 && (next = Evaluate(logits, labels, first, penalty, alpha + share * da, beta + share * db).Value) > value) share /= 2;
            if (next > value || share <= 1e-10) break;
            (alpha, beta, value) = (alpha + share * da, beta + share * db, next);
        }
        return (alpha, beta);
    }

    /// <summary>The mean cross-entropy with the penalty, its gradient and its second derivatives.</summary>
    public static (double Value, double Alpha, double Beta, double AlphaAlpha, double AlphaBeta, double BetaBeta) Evaluate(
        IReadOnlyList<double[]> logits, IReadOnlyList<int> labels, int first, double penalty, double alpha, double beta)
    {
        double value = 0, ga = 0, gb = 0, haa = 0, hab = 0, hbb = 0;
        for (int i = 0; i < logits.Count; i++)
        {
            double[] z = logits[i], q = [.. z.Select((x, c) => c < first ? x : alpha * x + beta)];
            double highest = q.Max(), sum = q.Sum(x => Math.Exp(x - highest)), logSum = highest + Math.Log(sum);
            value += logSum - q[labels[i]];
            double mass = 0, mean = 0, square = 0;   // Σ p, Σ p z, Σ p z² over the new classes
            for (int c = first; c < z.Length; c++)
            {
                double p = Math.Exp(q[c] - logSum);
                mass += p;
                mean += p * z[c];
                square += p * z[c] * z[c];
            }
            ga += mean - (labels[i] >= first ? z[labels[i]] : 0);
            gb += mass - (labels[i] >= first ? 1 : 0);
            haa += square - mean * mean;
            hab += mean - mean * mass;
            hbb += mass - mass * mass;
        }
        double n = Math.Max(1, logits.Count);
        return (value / n + penalty * beta * beta / 2, ga / n, gb / n + penalty * beta, haa / n, hab / n, hbb / n + penalty);
    }
}
