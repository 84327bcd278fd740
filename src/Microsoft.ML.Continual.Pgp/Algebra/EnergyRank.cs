namespace Microsoft.ML.Continual.Pgp;

/// <summary>The rank rules on a list of energies.</summary>
internal static class EnergyRank
{
    /// <summary>
    /// Sums of d rounded shares carry a relative error near 1e-15; two sums this close are the same number. Without it, the second
    /// update with the same data could find itself one rounding short of ε and add a direction.
    /// </summary>
    private const double Slack = 1e-12;

    /// <summary>Counts the directions that a rule takes.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="shares">The energies that can still be added, descending, as shares of the whole.</param>
    /// <param name="energy">ε in [0, 1].</param>
    /// <param name="covered">The share that the basis holds already.</param>
    public static int Count(RankRule rule, IReadOnlyList<double> shares, double energy, double covered = 0)
    {
        ArgumentNullException.ThrowIfNull(shares);
        return rule switch
        {
            RankRule.ReachThreshold => ReachThreshold(shares, energy, covered),
            RankRule.CountBelow => CountBelow(shares, energy, covered),
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "Unknown rank rule."),
        };
    }

    private static int ReachThreshold(IReadOnlyList<double> shares, double energy, double sum)
    {
        int rank = 0;
        if (energy <= 0) return 0;
        while (rank < shares.Count && (energy >= 1 || sum < energy - Slack)) sum += shares[rank++];
        return rank;
    }

    private static int CountBelow(IReadOnlyList<double> shares, double energy, double sum)
    {
        int rank = 0;
        while (rank < shares.Count && (sum += shares[rank]) < energy - Slack) rank++;
        return rank;
    }
}
