using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Peft;

/// <summary>
/// Prompts at the input of the attention of some blocks: tokens behind the norm that attention makes keys and values of and that end there, as in PEGP after LAE; see <see cref="PeftOptions"/>.
/// </summary>
/// <remarks>PEGP's code for prompts was not published whole: epochs and phases are those of its adapters.</remarks>
public sealed class AttentionPromptOptions : PeftOptions
{
    /// <summary>The defaults.</summary>
    public AttentionPromptOptions()
    {
    }

    /// <summary>Optimiser, rate, batch and epochs of an experiment of PEGP.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public AttentionPromptOptions(Recipe recipe) : base(recipe)
    {
    }

    /// <summary>The number L of tokens of a block.</summary>
    /// <value>The default is 5.</value>
    public int Length { get; set; } = 5;

    /// <summary>Trains in the two phases of the released code, for the present number of epochs, with a fixed factor.</summary>
    /// <returns>These options.</returns>
    public AttentionPromptOptions UseReleasedCode()
    {
        SetReleasedCode(shortOffset: 1);
        LearnableScale = false;
        return this;
    }

    internal override IEnumerable<SizedTensor> SizedTensors => AttentionPromptModule.Sizes(this);

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Length >= 1, nameof(Length), "at least 1", Length);
    }

    private protected override PeftModule CreateModule(SeededRandom random) => new AttentionPromptModule(this, random);
}
