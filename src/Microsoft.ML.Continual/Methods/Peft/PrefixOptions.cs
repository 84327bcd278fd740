using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>Prefixes of keys and values that the attention of some blocks reads beside its own, as in PEGP after LAE; see <see cref="PeftOptions"/>.</summary>
/// <remarks>PEGP's code for prefixes was not published whole: epochs and phases are those of its adapters.</remarks>
public sealed class PrefixOptions : PeftOptions
{
    /// <summary>The defaults.</summary>
    public PrefixOptions()
    {
    }

    /// <summary>Optimiser, rate, batch and epochs of an experiment of PEGP. Its second phase comes with <see cref="UseReleasedCode"/>.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public PrefixOptions(Recipe recipe) : base(recipe)
    {
    }

    /// <summary>The number L of keys, and of values, of a block.</summary>
    /// <value>The default is 10.</value>
    public int Length { get; set; } = 10;

    /// <summary>How attention weighs the prefix against the tokens.</summary>
    /// <value>The default is <see cref="PrefixCompensation.Prefix"/>; the released code's is <see cref="PrefixCompensation.ReleasedCode"/>.</value>
    public PrefixCompensation Compensation { get; set; } = PrefixCompensation.Prefix;

    /// <summary>Whether the values are trained in the first task only. Without it, or a projection of them, what the prefix adds to old tokens changes with the values.</summary>
    /// <value>The default is false.</value>
    public bool FreezeValues { get; set; }

    /// <summary>Computes what the released code computes, for the present number of epochs: trained factors, its compensation, epochs that train the classifier only, a second phase and the merge of both.</summary>
    /// <returns>These options.</returns>
    public PrefixOptions UseReleasedCode()
    {
        SetReleasedCode(shortOffset: 1);
        Compensation = PrefixCompensation.ReleasedCode;
        return this;
    }

    internal override IEnumerable<SizedTensor> SizedTensors => PrefixModule.Sizes(this);

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Length >= 1, nameof(Length), "at least 1", Length);
        OptionCheck.Require(Enum.IsDefined(Compensation), nameof(Compensation), "a known compensation", Compensation);
    }

    private protected override PeftModule CreateModule(SeededRandom random) => new PrefixModule(this, random);
}
