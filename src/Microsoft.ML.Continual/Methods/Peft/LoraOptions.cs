using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>Low-rank updates (LoRA) of linear maps of some blocks, W ↦ W + Up·Down without a factor α/r, as in PEGP's released code; see <see cref="PeftOptions"/>. Prediction works with merged weights.</summary>
public sealed class LoraOptions : PeftOptions
{
    /// <summary>The defaults: the released code's parameters, trained in one phase.</summary>
    public LoraOptions()
    {
    }

    /// <summary>Optimiser, rate, batch and epochs of an experiment of PEGP. Its second phase comes with <see cref="UseReleasedCode"/>.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public LoraOptions(Recipe recipe) : base(recipe)
    {
    }

    /// <summary>The rank r of an update.</summary>
    /// <value>The default is 5.</value>
    public int Rank { get; set; } = 5;

    /// <summary>The maps that are updated.</summary>
    /// <value>The default is <see cref="LoraTargets.Qkv"/>.</value>
    public LoraTargets Targets { get; set; } = LoraTargets.Qkv;

    /// <summary>
    /// Trains as the released code does, for the present number of epochs: a trained factor, epochs that train the classifier only, a second phase and the merge of both. Goes with
    /// <c>PgpOptions.PegpLoraReference</c>.
    /// </summary>
    /// <returns>These options.</returns>
    public LoraOptions UseReleasedCode()
    {
        SetReleasedCode(shortOffset: 0.5);
        return this;
    }

    internal override IEnumerable<SizedTensor> SizedTensors => LoraModule.Sizes(this);

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Rank >= 1, nameof(Rank), "at least 1", Rank);
        const LoraTargets parts = LoraTargets.Query | LoraTargets.Key | LoraTargets.Value, all = LoraTargets.Qkv | parts | LoraTargets.Out | LoraTargets.Fc1 | LoraTargets.Fc2;
        OptionCheck.Require(Targets != 0 && (Targets & ~all) == 0, nameof(Targets), "one or more known maps", Targets);
        OptionCheck.Require((Targets & LoraTargets.Qkv) == 0 || (Targets & parts) == 0, nameof(Targets), $"{nameof(LoraTargets.Qkv)} or parts of it, not both", Targets);
    }

    private protected override PeftModule CreateModule(SeededRandom random) => new LoraModule(this, random);
}
