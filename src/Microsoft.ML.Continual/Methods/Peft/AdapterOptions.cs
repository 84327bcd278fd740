using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>Adapters beside the attention of some blocks, z ↦ GELU(z·Downᵀ)·Upᵀ without biases, as in PEGP's released code; see <see cref="PeftOptions"/>.</summary>
public sealed class AdapterOptions : PeftOptions
{
    /// <summary>The defaults: the released code's parameters, trained in one phase.</summary>
    public AdapterOptions()
    {
    }

    /// <summary>Optimiser, rate, batch and epochs of an experiment of PEGP. Its second phase comes with <see cref="UseReleasedCode"/>.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public AdapterOptions(Recipe recipe) : base(recipe)
    {
    }

    /// <summary>The width r of the bottleneck.</summary>
    /// <value>The default is 5.</value>
    public int Rank { get; set; } = 5;

    /// <summary>
    /// Trains as the released code does, for the present number of epochs: a trained factor, epochs that train the classifier only, a second phase and the merge of both. Goes with
    /// <c>PgpOptions.PegpAdapterReference</c>.
    /// </summary>
    /// <returns>These options.</returns>
    public AdapterOptions UseReleasedCode()
    {
        SetReleasedCode(shortOffset: 1);
        return this;
    }

    internal override IEnumerable<SizedTensor> SizedTensors => AdapterModule.Sizes(this);

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Rank >= 1, nameof(Rank), "at least 1", Rank);
    }

    private protected override PeftModule CreateModule(SeededRandom random) => new AdapterModule(this, random);
}
