using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>CLIP's text encoder: token embeddings and positions, causal blocks, and the projection of the token that ends the text.</summary>
/// <remarks>In the shape comments K is texts, T tokens, n context tokens, D text width, E embedding width. Made by <see cref="ClipModel"/>, which owns the weights.</remarks>
public sealed class ClipTextTower
{
    private readonly ClipConfig _config;
    private readonly Tensor _tokenEmbedding, _positions, _normWeight, _normBias, _projection;
    private readonly TransformerBlocks _blocks;

    internal ClipTextTower(IReadOnlyDictionary<string, Tensor> weights, ClipConfig config)
    {
        _config = config;
        _tokenEmbedding = weights["token_embedding.weight"];
        _positions = weights["positional_embedding"];
        _normWeight = weights["ln_final.weight"];
        _normBias = weights["ln_final.bias"];
        _projection = weights["text_projection"];
        _blocks = new TransformerBlocks([.. Enumerable.Range(0, config.TextDepth).Select(i => BlockWeights.FromOpenAi(weights, $"transformer.resblocks.{i}."))],
            config.TextWidth, config.TextHeads, ClipImageTower.NormEpsilon, config.QuickGelu ? MlpActivation.QuickGelu : MlpActivation.Gelu, causal: true);
    }

    /// <summary>Which way attention is computed; for tests.</summary>
    internal AttentionPath AttentionPath
    {
        get => _blocks.AttentionPath;
        set => _blocks.AttentionPath = value;
    }

    /// <summary>The feature of each text: its end token after the final norm, projected. The end is the largest id of a row.</summary>
    /// <param name="ids">
    /// int64 [K, T], as of <see cref="ClipModel.Tokenize"/>. No token sees what comes after it, so that T need only reach to the end of the longest text: a result does not depend on
    /// what stands behind.
    /// </param>
    /// <param name="context">[n, D] for all texts alike or [K, n, D]: stands for the embeddings of tokens 1 … n, before positions. Of any floating type; gradients flow back to it. Null keeps the tokens' own.</param>
    /// <param name="edits">What the blocks add or show; null for nothing. <see cref="BlockEdits.InputTokens"/> and <see cref="BlockEdits.BlockTokens"/> are not for texts.</param>
    /// <returns>[K, E] in the compute type.</returns>
    /// <exception cref="ArgumentException">A tensor is of another shape than expected.</exception>
    public Tensor Forward(Tensor ids, Tensor? context = null, BlockEdits? edits = null)
    {
        ArgumentNullException.ThrowIfNull(ids);
        int width = _config.TextWidth;
        if (ids.shape is not [> 0 and var count, > 0 and var length] || length > _config.ContextLength || ids.dtype != ScalarType.Int64)
            throw new ArgumentException($"Expected int64 token ids of the shape [K, 1 … {_config.ContextLength}]; found {ids.dtype} of the shape [{string.Join(", ", ids.shape)}].", nameof(ids));
        if (edits is not null and not { InputTokens: null, BlockTokens: null, BlockCount: null })
            throw new ArgumentException($"{nameof(BlockEdits.InputTokens)}, {nameof(BlockEdits.BlockTokens)} and {nameof(BlockEdits.BlockCount)} are not for texts: expected null.", nameof(edits));
        using DisposeScope scope = NewDisposeScope();
        Tensor x = _tokenEmbedding.index_select(0, ids.reshape(-1)).view(count, length, width);   // [K, T, D]
        if (context is not null)
        {
            Tensor rows = TokenShape.ForBatch(context, count, width, nameof(context)).to(x.dtype);
            long n = rows.shape[1];
            if (1 + n > length) throw new ArgumentException($"{nameof(context)}: expected at most {length - 1} tokens, for texts of {length}; found {n}.", nameof(context));
            x = cat([x.narrow(1, 0, 1), rows, x.narrow(1, 1 + n, length - 1 - n)], 1);            // the start token, the context, the rest
        }
        x = x + _positions.narrow(0, 0, length);
        x = _blocks.Run(x, 0, (edits ?? BlockEdits.None) with { Output = OutputTokens.All });
        Tensor ends = ids.argmax(1).view(count, 1, 1).expand(count, 1, width);
        Tensor last = x.gather(1, ends).squeeze(1);                                               // [K, T, D] -> [K, D]
        return layer_norm(last, [width], _normWeight, _normBias, ClipImageTower.NormEpsilon).matmul(_projection).MoveToOuterDisposeScope();
    }
}
