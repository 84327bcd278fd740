namespace Microsoft.ML.Continual.Pgp;

/// <summary>How a null space is cut off on one side; see the options of the same names in <see cref="NullSpaceOptions"/>.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Offset">Moves the beginning under <see cref="NullityRule.Knee"/>.</param>
/// <param name="Multiple">Of <see cref="NullityRule.Multiple"/>.</param>
/// <param name="Tolerance">Of <see cref="NullityRule.Tolerance"/>.</param>
/// <param name="PastTies">Whether a knee moves to the last of equal values.</param>
/// <param name="Given">A nullity that replaces the rule's; more than there are directions counts as all.</param>
internal readonly record struct NullityQuery(NullityRule Rule, double Offset = 0, double Multiple = 10, double Tolerance = 1e-10, bool PastTies = false, int? Given = null);
