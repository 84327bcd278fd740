using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>What a method adds to a backbone's forward pass, where, and what it wants back.</summary>
public sealed class BlockEdits
{
    /// <summary>No additions; the class token is returned.</summary>
    public static BlockEdits None { get; } = new();

    /// <summary>
    /// [P, D] for all images alike or [B, P, D]: tokens that enter the first block between the class token and the patches. Each receives the
    /// class token's position embedding, as in L2P. Of any floating type; gradients flow back to it.
    /// </summary>
    /// <value>The default is null: no tokens.</value>
    public Tensor? InputTokens { get; init; }

    /// <summary>The tokens to return.</summary>
    /// <value>The default is <see cref="OutputTokens.Class"/>.</value>
    public OutputTokens Output { get; init; } = OutputTokens.Class;

    /// <summary>Is shown what each block computed, block by block. Costs memory.</summary>
    /// <value>The default is null: nobody is shown anything.</value>
    public Action<BlockActivations>? Capture { get; init; }
}
