using Microsoft.ML.Continual.Methods;

namespace Microsoft.ML.Continual.Pgp;

/// <summary>What one projection site has different from the rest: an entry of <see cref="PgpOptions.Sites"/>.</summary>
public sealed class PgpSiteOptions
{
    /// <summary>Whether the site is projected at all.</summary>
    /// <value>The default is null: as the options say for sites of its role, else as the method says.</value>
    public bool? Project { get; set; }

    /// <summary>ε of this site, in [0, 1].</summary>
    /// <value>The default is null: <see cref="PgpOptions.KeyEnergy"/> for keys, <see cref="PgpOptions.Energy"/> for others.</value>
    public double? Energy { get; set; }

    /// <summary>The number of principal components kept of X and of P, at least 1; more than there are keeps all.</summary>
    /// <value>The default is null: <see cref="PgpOptions.KeyComponents"/> for keys, <see cref="PgpOptions.Components"/> for others.</value>
    public int? Components { get; set; }

    /// <summary>What is different, for reports.</summary>
    public override string ToString()
    {
        string?[] different =
        [
            Project is { } project ? project ? "projected" : "not projected" : null,
            Energy is { } energy ? FormattableString.Invariant($"energy {energy}") : null,
            Components is { } components ? FormattableString.Invariant($"{components} components") : null,
        ];
        return string.Join(", ", different.Where(part => part is not null).DefaultIfEmpty("as the rest"));
    }

    internal PgpSiteOptions Clone() => (PgpSiteOptions)MemberwiseClone();

    internal void Validate(string site)
    {
        OptionCheck.Require(Energy is null or (>= 0 and <= 1), $"Sites[{site}].Energy", "in [0, 1], or null", Energy);
        OptionCheck.Require(Components is null or >= 1, $"Sites[{site}].Components", "at least 1, or null", Components);
    }
}
