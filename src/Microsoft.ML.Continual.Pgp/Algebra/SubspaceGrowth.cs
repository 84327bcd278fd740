namespace Microsoft.ML.Continual.Pgp;

/// <summary>What one update did to a <see cref="SubspaceBasis"/>.</summary>
/// <param name="Basis">The basis afterwards; the same object when nothing was added.</param>
/// <param name="Added">The number of directions added.</param>
/// <param name="EnergyBefore">The share of the data's energy that lay in the span before, in [0, 1]; 1 for data without energy.</param>
/// <param name="EnergyAfter">The share that lies in the span now.</param>
/// <param name="ResidualEnergies">
/// The energies of the residual's singular values, descending, as shares of the data's energy; they sum to 1 − <paramref name="EnergyBefore"/>. Empty for data without energy.
/// </param>
public sealed record SubspaceGrowth(
    SubspaceBasis Basis, int Added, double EnergyBefore, double EnergyAfter, IReadOnlyList<double> ResidualEnergies);
