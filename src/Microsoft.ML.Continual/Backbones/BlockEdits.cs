using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>What a method adds to a backbone's forward pass, where, and what it wants back. Blocks are numbered from 0.</summary>
public sealed record BlockEdits
{
    /// <summary>No additions; the class token is returned.</summary>
    public static BlockEdits None { get; } = new();

    /// <summary>
    /// [P, D] for all images alike or [B, P, D]: tokens that enter the first block between the class token and the patches. In a <see cref="VisionTransformer"/> each receives the
    /// class token's position embedding, as in L2P. Of any floating type; gradients flow back to it.
    /// </summary>
    /// <value>The default is null: no tokens.</value>
    public Tensor? InputTokens { get; init; }

    /// <summary>
    /// By block: tokens, [P, D] or [B, P, D], that enter before this block between the class token and all others and go on with them (prompt tuning as in DualPrompt). They receive no position.
    /// </summary>
    /// <value>The default is null: no tokens.</value>
    public IReadOnlyDictionary<int, Tensor>? BlockTokens { get; init; }

    /// <summary>
    /// By block: tokens, [P, D] or [B, P, D], that the block's attention reads through its norm, keys and values, behind all others. They ask nothing, reach no MLP and end with the block (deep visual prompts as in NSP²).
    /// </summary>
    /// <value>The default is null: no tokens.</value>
    public IReadOnlyDictionary<int, Tensor>? ContextTokens { get; init; }

    /// <summary>
    /// By block: tokens, [P, D] or [B, P, D], as <see cref="ContextTokens"/> but after the norm: they are made keys and values as they are, behind all others (prompts at the input of attention as in PEGP).
    /// </summary>
    /// <value>The default is null: no tokens.</value>
    public IReadOnlyDictionary<int, Tensor>? NormedContextTokens { get; init; }

    /// <summary>By block: keys and values that its attention reads before its own (prefix tuning).</summary>
    /// <value>The default is null: no prefixes.</value>
    public IReadOnlyDictionary<int, AttentionPrefix>? Prefixes { get; init; }

    /// <summary>By block: a bottleneck beside its attention.</summary>
    /// <value>The default is null: no adapters.</value>
    public IReadOnlyDictionary<int, ParallelAdapter>? Adapters { get; init; }

    /// <summary>By block: a bottleneck beside its MLP.</summary>
    /// <value>The default is null: no adapters.</value>
    public IReadOnlyDictionary<int, MlpAdapter>? MlpAdapters { get; init; }

    /// <summary>By block and map: another weight, a low-rank update, or both.</summary>
    /// <value>The default is null: all maps as they are.</value>
    public IReadOnlyDictionary<(int Block, BlockLinear Linear), LinearEdit>? Linears { get; init; }

    /// <summary>The tokens to return. <see cref="InputTokens"/> and <see cref="BlockTokens"/> both count as inserted.</summary>
    /// <value>The default is <see cref="OutputTokens.Class"/>.</value>
    public OutputTokens Output { get; init; } = OutputTokens.Class;

    /// <summary>Runs so many blocks and no more: for activations of early blocks, which <see cref="Capture"/>, <see cref="CaptureLinear"/> and <see cref="CaptureAttention"/> hand over. The result then has gone through no further block.</summary>
    /// <value>The default is null: all blocks.</value>
    public int? BlockCount { get; init; }

    /// <summary>Is shown what each block computed, block by block. Costs memory.</summary>
    /// <value>The default is null: nobody is shown anything.</value>
    public Action<BlockActivations>? Capture { get; init; }

    /// <summary>Is shown what enters each linear map of each block, before <see cref="Capture"/> sees the block.</summary>
    /// <value>The default is null: nobody is shown anything.</value>
    public Action<LinearInput>? CaptureLinear { get; init; }

    /// <summary>Is shown queries, keys and values of each block's attention, before <see cref="Capture"/> sees the block.</summary>
    /// <value>The default is null: nobody is shown anything.</value>
    public Action<AttentionActivations>? CaptureAttention { get; init; }
}
