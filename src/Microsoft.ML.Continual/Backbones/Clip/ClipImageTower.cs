using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>CLIP's image encoder: a pre-norm vision transformer with a norm before its blocks, no bias in its patch embedding, and a projection into the space that texts share.</summary>
/// <remarks>In the shape comments B is images, T tokens, N patches, P inserted tokens, D width, E embedding width. Made by <see cref="ClipModel"/>, which owns the weights.</remarks>
public sealed class ClipImageTower
{
    internal const double NormEpsilon = 1e-5;

    private readonly ClipConfig _config;
    private readonly Tensor _classToken, _positions, _patchWeight, _preWeight, _preBias, _postWeight, _postBias, _projection;
    private readonly TransformerBlocks _blocks;

    internal ClipImageTower(IReadOnlyDictionary<string, Tensor> weights, ClipConfig config)
    {
        _config = config;
        _classToken = weights["visual.class_embedding"];
        _positions = weights["visual.positional_embedding"];
        _patchWeight = weights["visual.conv1.weight"];
        _preWeight = weights["visual.ln_pre.weight"];
        _preBias = weights["visual.ln_pre.bias"];
        _postWeight = weights["visual.ln_post.weight"];
        _postBias = weights["visual.ln_post.bias"];
        _projection = weights["visual.proj"];
        _blocks = new TransformerBlocks([.. Enumerable.Range(0, config.Depth).Select(i => BlockWeights.FromOpenAi(weights, $"visual.transformer.resblocks.{i}."))],
            config.Width, config.Heads, NormEpsilon, config.QuickGelu ? MlpActivation.QuickGelu : MlpActivation.Gelu);
    }

    /// <summary>The frozen weights of a block.</summary>
    internal BlockWeights Block(int index) => _blocks[index];

    /// <summary>[D, E]: into the space that texts share.</summary>
    internal Tensor Projection => _projection;

    /// <summary>Which way attention is computed; for tests.</summary>
    internal AttentionPath AttentionPath
    {
        get => _blocks.AttentionPath;
        set => _blocks.AttentionPath = value;
    }

    /// <summary>Turns images into tokens with positions, before the first norm and before any token is inserted.</summary>
    /// <param name="images">[B, 3, S, S], normalised.</param>
    /// <returns>[B, 1 + N, D]: the class token, then the patches; in the compute type.</returns>
    /// <exception cref="ArgumentException">The images are of another shape.</exception>
    public Tensor Embed(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.shape is not [var count, 3, var rows, var columns] || rows != _config.ImageSize || columns != _config.ImageSize)
            throw new ArgumentException($"Expected images of the shape [B, 3, {_config.ImageSize}, {_config.ImageSize}]; found [{string.Join(", ", images.shape)}].", nameof(images));
        using DisposeScope scope = NewDisposeScope();
        int g = _config.GridSize, p = _config.PatchSize, width = _config.Width;
        // A convolution whose stride is its kernel's size is one product: [B, 3, g·p, g·p] -> [B, 3, g, p, g, p] -> [B, g, g, 3, p, p] -> [B, N, 3·p·p]
        Tensor pixels = images.to(_patchWeight.dtype).reshape(count, 3, g, p, g, p).permute(0, 2, 4, 1, 3, 5).reshape(count, g * g, 3 * p * p);
        Tensor patches = linear(pixels, _patchWeight.view(width, 3 * p * p));
        Tensor tokens = cat([_classToken.expand(count, 1, width), patches], 1);       // [B, 1 + N, D]
        return (tokens + _positions).MoveToOuterDisposeScope();
    }

    /// <summary>Runs tokens through the tower.</summary>
    /// <param name="tokens">[B, 1 + N, D] from <see cref="Embed"/>.</param>
    /// <param name="edits">
    /// What to add and what to return; null for the class token of the plain tower. <see cref="BlockEdits.InputTokens"/> enter after the positions, of which they receive none, and
    /// before the first norm.
    /// </param>
    /// <returns>[B, wanted tokens, D] after the last norm and before the projection, in the compute type.</returns>
    /// <exception cref="ArgumentException">A tensor is of another shape than expected.</exception>
    public Tensor Forward(Tensor tokens, BlockEdits? edits = null)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        edits ??= BlockEdits.None;
        int width = _config.Width;
        if (tokens.shape is not [var count, var given, var last] || given != 1 + _config.PatchCount || last != width)
            throw new ArgumentException($"Expected tokens of the shape [B, {1 + _config.PatchCount}, {width}]; found [{string.Join(", ", tokens.shape)}].", nameof(tokens));
        long inserted = edits.InputTokens is { } prompt ? TokenShape.Count(prompt, count, width, nameof(BlockEdits.InputTokens)) : 0;
        if (edits.Output is OutputTokens.Inserted or OutputTokens.ClassAndInserted && inserted == 0 && edits.BlockTokens is not { Count: > 0 })
            throw new ArgumentException($"{nameof(BlockEdits.Output)} is {edits.Output}, but {nameof(BlockEdits.InputTokens)} is null: no token is inserted.", nameof(edits));
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tokens;
        if (edits.InputTokens is not null)
        {
            Tensor prompts = TokenShape.ForBatch(edits.InputTokens, count, width, nameof(BlockEdits.InputTokens)).to(x.dtype);
            x = cat([x.narrow(1, 0, 1), prompts, x.narrow(1, 1, _config.PatchCount)], 1);   // [B, 1 + P + N, D]
        }
        x = layer_norm(x, [width], _preWeight, _preBias, NormEpsilon);
        x = _blocks.Run(x, inserted, edits);                                                // [B, T, D] -> [B, wanted, D]
        return layer_norm(x, [width], _postWeight, _postBias, NormEpsilon).MoveToOuterDisposeScope();
    }

    /// <summary>Brings tokens into the space that texts share: [B, wanted tokens, D] or [B, D] from <see cref="Forward"/> -> the same with E in place of D.</summary>
    /// <exception cref="ArgumentException">The tokens are of another width.</exception>
    public Tensor Project(Tensor tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.shape is not [.., var width] || width != _config.Width || tokens.dtype != _projection.dtype)
            throw new ArgumentException($"Expected {_projection.dtype} tokens of the width {_config.Width}; found {tokens.dtype} of the shape [{string.Join(", ", tokens.shape)}].", nameof(tokens));
        return tokens.matmul(_projection);
    }
}
