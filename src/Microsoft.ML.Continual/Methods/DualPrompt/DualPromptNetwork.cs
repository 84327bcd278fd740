using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>DualPrompt's forward pass over given prompts and keys: the same for training, with gradients, and for prediction, without.</summary>
/// <remarks>In the shape comments B is images, N patches, M E-prompts in the pool, L tokens of a prompt, k selected prompts, R rows of selected ids (B or 1), D width, H heads.</remarks>
internal static class DualPromptNetwork
{
    /// <summary>Selects E-prompts, runs the network with them and the G-prompts. All results lie in the caller's dispose scope.</summary>
    /// <param name="backbone">The frozen network.</param>
    /// <param name="options">Sizes, blocks and layout.</param>
    /// <param name="tensors">Prompts and keys.</param>
    /// <param name="patches">[B, N, D].</param>
    /// <param name="queries">[B, D].</param>
    /// <param name="selection">How E-prompts are selected.</param>
    /// <param name="given">int64 [1, k] ids that all images use instead, or null.</param>
    public static DualPromptPass Run(VisionTransformer backbone, DualPromptOptions options, DualPromptTensors tensors, Tensor patches, Tensor queries, PromptSelection selection, Tensor? given)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor similarity, Tensor selected, Tensor mask) = Select(options, tensors.Keys, queries, selection, given);
        Tensor features = backbone.ForwardPatches(patches, Edits(options, tensors, mask, patches.shape[0], options.EPromptLayout)).AverageTokens();   // [B, 1, D] -> [B, D]
        return new DualPromptPass(similarity.MoveToOuterDisposeScope(), selected.MoveToOuterDisposeScope(), mask.MoveToOuterDisposeScope(), features.MoveToOuterDisposeScope());
    }

    /// <summary>Similarities [B, M], ids [R, k] and their one-hot rows [R, k, M].</summary>
    public static (Tensor Similarity, Tensor Selected, Tensor Mask) Select(DualPromptOptions options, Tensor keys, Tensor queries, PromptSelection selection, Tensor? given)
    {
        Tensor similarity = PromptMatching.Similarity(queries.to(keys.dtype), keys);
        Tensor selected = given?.detach() ?? PromptMatching.Select(similarity, options.TopK, selection);
        return (similarity, selected, PromptMatching.OneHot(selected, options.PoolSize));
    }

    /// <summary>What the prompts add to the backbone's pass.</summary>
    /// <param name="options">Sizes and blocks.</param>
    /// <param name="tensors">Prompts.</param>
    /// <param name="mask">[R, k, M] bool, the selected E-prompts.</param>
    /// <param name="count">B.</param>
    /// <param name="layout">How E-prompts are laid out.</param>
    public static BlockEdits Edits(DualPromptOptions options, DualPromptTensors tensors, Tensor mask, long count, EPromptLayout layout)
    {
        var prefixes = new Dictionary<int, AttentionPrefix>();
        var tokens = new Dictionary<int, Tensor>();
        for (int i = 0; i < options.GBlocks.Count; i++)
        {
            Tensor prompt = tensors.GPrompts!.select(0, i);
            if (options.GMode == PromptMode.PromptTuning) tokens.Add(options.GBlocks[i], prompt);   // [L, D]
            // [2, L, H, d] -> [2, L, D]
            else prefixes.Add(options.GBlocks[i], new AttentionPrefix(prompt.select(0, 0).flatten(1), prompt.select(0, 1).flatten(1)));
        }
        if (options.EBlocks.Count > 0)
        {
            bool prefix = options.EMode == PromptMode.PrefixTuning;
            Tensor picked = Gather(tensors.EPrompts, mask, options, prefix ? 2 : 1);   // [E blocks, 1 or 2, R, k·L, D]
            if (prefix && layout == EPromptLayout.ReferenceReshape) picked = ReferenceReshape(picked, count);
            for (int i = 0; i < options.EBlocks.Count; i++)
            {
                Tensor block = picked.select(0, i);
                if (prefix) prefixes.Add(options.EBlocks[i], new AttentionPrefix(Shared(block.select(0, 0)), Shared(block.select(0, 1))));
                else tokens.Add(options.EBlocks[i], Shared(block.select(0, 0)));
            }
        }
        return new BlockEdits { Prefixes = prefixes, BlockTokens = tokens };

        // [1, k·L, D] -> [k·L, D]: one for all images.
        static Tensor Shared(Tensor perRow) => perRow.shape[0] == 1 ? perRow.squeeze(0) : perRow;
    }

    /// <summary>
    /// The selected E-prompts of all blocks. Picked by a product with one-hot rows: its gradient is a product too, and so the same in every run on every device.
    /// </summary>
    private static Tensor Gather(Tensor prompts, Tensor mask, DualPromptOptions options, int halves)
    {
        long rows = mask.shape[0], k = mask.shape[1], slices = (long)options.EBlocks.Count * halves;
        Tensor pools = prompts.reshape(slices, options.PoolSize, -1);                                               // [blocks·halves, M, L·D]
        Tensor chosen = mask.reshape(1, rows * k, options.PoolSize).to(prompts.dtype).expand(slices, -1, -1);       // [blocks·halves, R·k, M]
        // [.., R·k, M] × [.., M, L·D] -> [.., R·k, L·D] -> [blocks, halves, R, k·L, D]
        return chosen.bmm(pools).view(options.EBlocks.Count, halves, rows, k * options.EPromptLength, -1);
    }

    /// <summary>[blocks, 2, B or 1, k·L, D], read in memory order as [blocks, B, 2, k·L, D], and back to [blocks, 2, B, k·L, D].</summary>
    private static Tensor ReferenceReshape(Tensor picked, long count)
    {
        long blocks = picked.shape[0], tokens = picked.shape[3], width = picked.shape[4];
        return picked.expand(blocks, 2, count, tokens, width).reshape(blocks, count, 2, tokens, width).transpose(1, 2);
    }
}
