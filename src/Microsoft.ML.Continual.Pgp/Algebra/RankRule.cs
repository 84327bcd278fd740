namespace Microsoft.ML.Continual.Pgp;

/// <summary>How many of the leading directions reach an energy. Energies are shares e₁ ≥ e₂ ≥ … with sum 1.</summary>
public enum RankRule
{
    /// <summary>The smallest r with e₁ + … + e_r ≥ ε: what the paper and GPM mean. 0 for ε = 0, all directions above the tolerance for ε = 1.</summary>
    ReachThreshold,

    /// <summary>
    /// The number of r with e₁ + … + e_r &lt; ε: one less, so that nothing is protected where the first direction alone reaches ε.
    /// The released code counts so in a site's first update.
    /// </summary>
    CountBelow,
}
