using Microsoft.ML.Continual.Methods;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>How far a <see cref="SubspaceBasis"/> grows in one update.</summary>
/// <param name="Energy">ε in [0, 1]: the share of the energy that the basis shall hold afterwards; 0 adds nothing, 1 everything above the tolerance.</param>
/// <param name="EnergyPower">
/// π, 2 or 4: the energy of a singular value σ is σ^π. 2 is the usual one (PCA, GPM); 4 is the released code's, which takes the Gram matrix for the data.
/// </param>
/// <param name="RankRule">How directions are counted.</param>
/// <param name="Tolerance">
/// The singular value, relative to the largest of the data, below which a direction counts as rounding and is never taken; in [0, 1).
/// The default 1e-6 lies above the rounding of float32 activations (about 1e-7 of the largest; through a Gram matrix summed in float64, noise is below 1e-7 as well)
/// and below any direction that a float32 product could tell from zero. Hence rank-deficient float32 data give their true rank, and leave X·P⊥ at float32 rounding.
/// </param>
public sealed record SubspaceRule(double Energy, int EnergyPower = 2, RankRule RankRule = RankRule.ReachThreshold, double Tolerance = SubspaceRule.DefaultTolerance)
{
    /// <summary>The default of <see cref="Tolerance"/>.</summary>
    public const double DefaultTolerance = 1e-6;

    /// <summary>Checks the numbers.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        OptionCheck.Require(Energy is >= 0 and <= 1, nameof(Energy), "in [0, 1]", Energy);
        OptionCheck.Require(EnergyPower is 2 or 4, nameof(EnergyPower), "2 or 4", EnergyPower);
        OptionCheck.Require(Enum.IsDefined(RankRule), nameof(RankRule), "a known rule", RankRule);
        OptionCheck.Require(Tolerance is >= 0 and < 1, nameof(Tolerance), "in [0, 1)", Tolerance);
    }
}
