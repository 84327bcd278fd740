using Microsoft.ML.Continual.Checkpoints;
using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>
/// A plain vision transformer (Dosovitskiy et al., ICLR 2021), as timm builds it: pre-norm blocks, fused qkv with bias, exact GELU, a class token
/// and learned positions, no dropout. The weights are frozen; what a method adds comes in through <see cref="BlockEdits"/>.
/// </summary>
/// <remarks>In the shape comments B is images, T tokens, N patches, P inserted tokens, D width, H heads, d = D / H. Forward passes may run on several threads at once.</remarks>
public sealed class VisionTransformer : Backbone
{
    private const double NormEpsilon = 1e-6;

    private readonly Dictionary<string, Tensor> _weights;
    private readonly bool _ownsWeights;
    private readonly Tensor _classToken, _positions, _patchWeight, _patchBias, _normWeight, _normBias;
    private readonly TransformerBlocks _blocks;
    private bool _disposed;

    private VisionTransformer(Dictionary<string, Tensor> weights, bool ownsWeights, VisionTransformerConfig config, ImageNormalization normalization)
    {
        (_weights, _ownsWeights, Config, Normalization) = (weights, ownsWeights, config, normalization);
        _classToken = weights["cls_token"];
        _positions = weights["pos_embed"];
        _patchWeight = weights["patch_embed.proj.weight"];
        _patchBias = weights["patch_embed.proj.bias"];
        _normWeight = weights["norm.weight"];
        _normBias = weights["norm.bias"];
        _blocks = new TransformerBlocks([.. Enumerable.Range(0, config.Depth).Select(i => BlockWeights.FromTimm(weights, $"blocks.{i}."))],
            config.Width, config.Heads, NormEpsilon, MlpActivation.Gelu);
        Device = _classToken.device;
        ComputeType = _classToken.dtype;
    }

    /// <summary>The sizes.</summary>
    public VisionTransformerConfig Config { get; }

    /// <inheritdoc/>
    public override string Architecture => Config.ToString();

    /// <inheritdoc/>
    public override int ImageSize => Config.ImageSize;

    /// <inheritdoc/>
    public override int Width => Config.Width;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <inheritdoc/>
    public override ScalarType ComputeType { get; }

    /// <inheritdoc/>
    public override ImageNormalization Normalization { get; }

    /// <summary>The weights by timm's names, for methods that train copies of them.</summary>
    internal IReadOnlyDictionary<string, Tensor> Weights => _weights;

    /// <summary>The frozen weights of a block.</summary>
    internal BlockWeights Block(int index) => _blocks[index];

    /// <summary>The ε of the layer norms.</summary>
    internal double Epsilon => NormEpsilon;

    /// <summary>Which way attention is computed; for tests.</summary>
    internal AttentionPath AttentionPath
    {
        get => _blocks.AttentionPath;
        set => _blocks.AttentionPath = value;
    }

    /// <summary>Reads a checkpoint. The sizes follow from the tensors' shapes; a classifier in the file is ignored.</summary>
    /// <param name="path">
    /// A safetensors file, a <c>.npz</c>, a file by <c>torch.save</c> (either layout) or a TorchScript archive, with the tensor names of timm (also DeiT's and DINO's), of Google's
    /// <c>.npz</c> files or of Hugging Face's ViT. The content tells which, not the name. State dictionaries are found under <c>model</c>, <c>state_dict</c>, <c>teacher</c> and the like,
    /// and behind prefixes such as <c>module.</c>; nothing in the file is executed.
    /// </param>
    /// <param name="device">Where the weights go; null is the CPU.</param>
    /// <param name="imageSize">
    /// The side of the images, in pixels; position embeddings are resampled where it differs from the checkpoint's. Null takes the file's metadata
    /// <c>image_size</c>, else the checkpoint's own size.
    /// </param>
    /// <param name="heads">
    /// The number of attention heads, which only the shapes in Google's files tell. Null takes the file's metadata <c>heads</c>, else what those shapes tell, else one head for every 64 channels.
    /// </param>
    /// <param name="computeType">float32 or bfloat16; null is float32 on the CPU and bfloat16 elsewhere.</param>
    /// <param name="normalization">The normalisation of the pixels. Null takes the file's metadata <c>mean</c> and <c>std</c> (three numbers each, separated by commas), else none.</param>
    /// <returns>The backbone; the caller disposes it.</returns>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, is of another format, names a class that is not allowed, or holds another architecture; the message lists the tensors, what was expected and what was found.
    /// </exception>
    /// <exception cref="ArgumentException">An argument does not fit the checkpoint.</exception>
    /// <exception cref="InvalidOperationException">The native libtorch cannot be loaded; the message says which package to add.</exception>
    public static VisionTransformer Load(string path, Device? device = null, int? imageSize = null, int? heads = null,
                                         ScalarType? computeType = null, ImageNormalization? normalization = null)
    {
        NativeLibtorch.Require();
        CheckComputeType(computeType);
        normalization?.Validate();
        using DisposeScope scope = NewDisposeScope();
        using CheckpointFile file = CheckpointFile.Open(path);
        VisionTransformerCheckpoint checkpoint = VisionTransformerCheckpoint.Inspect(file, imageSize, heads, normalization);
        (IReadOnlyDictionary<string, Tensor> tensors, string sha256) = checkpoint.ReadWeights();
        device ??= CPU;
        Dictionary<string, Tensor> weights = Freeze(tensors, checkpoint.Config, device, computeType ?? DefaultType(device));
        return new VisionTransformer(weights, true, checkpoint.Config, checkpoint.Normalization) { Source = path, SourceSha256 = sha256 };
    }

    /// <summary>Builds a backbone from tensors in memory.</summary>
    /// <param name="tensors">The weights, by the names of <see cref="VisionTransformerConfig.TensorShapes"/>; others are ignored. Positions of another image size are resampled.</param>
    /// <param name="config">The sizes.</param>
    /// <param name="device">Where the weights go; null is the CPU. Not used when <paramref name="trainable"/>.</param>
    /// <param name="computeType">The type of the weights; null keeps the class token's. Not used when <paramref name="trainable"/>.</param>
    /// <param name="normalization">The normalisation of the pixels; null is none.</param>
    /// <param name="trainable">
    /// Whether the given tensors themselves are used, not frozen copies: gradients flow to them, and the caller goes on owning them. For training a
    /// backbone. They must be of one type and on one device, and the positions must be of <paramref name="config"/>'s image size.
    /// </param>
    /// <exception cref="ArgumentException">The sizes do not fit each other, or a tensor is missing or of another shape.</exception>
    public static VisionTransformer FromTensors(IReadOnlyDictionary<string, Tensor> tensors, VisionTransformerConfig config, Device? device = null,
                                                ScalarType? computeType = null, ImageNormalization? normalization = null, bool trainable = false)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        normalization?.Validate();
        foreach ((string name, long[] shape) in config.TensorShapes())
        {
            if (!tensors.TryGetValue(name, out Tensor? tensor)) throw new ArgumentException($"The tensor '{name}' is missing; expected the shape [{string.Join(", ", shape)}].", nameof(tensors));
            if (!tensor.shape.SequenceEqual(shape) && (trainable || name != "pos_embed" || !IsGridOfPositions(tensor, config.Width)))
                throw new ArgumentException($"Tensor '{name}': expected the shape [{string.Join(", ", shape)}]; found [{string.Join(", ", tensor.shape)}].", nameof(tensors));
        }
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> weights = trainable
            ? config.TensorShapes().Keys.ToDictionary(n => n, n => tensors[n], StringComparer.Ordinal)
            : Freeze(tensors, config, device ?? CPU, computeType ?? tensors["cls_token"].dtype);
        return new VisionTransformer(weights, !trainable, config, normalization ?? ImageNormalization.None);
    }

    /// <summary>Turns images into patch embeddings, before class token and positions.</summary>
    /// <param name="images">[B, 3, S, S], normalised.</param>
    /// <returns>[B, N, D] in the compute type.</returns>
    /// <exception cref="ArgumentException">The images are of another shape.</exception>
    public Tensor EmbedPatches(Tensor images)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (images.shape is not [var count, 3, var rows, var columns] || rows != ImageSize || columns != ImageSize)
            throw new ArgumentException($"Expected images of the shape [B, 3, {ImageSize}, {ImageSize}]; found [{string.Join(", ", images.shape)}].", nameof(images));
        using DisposeScope scope = NewDisposeScope();
        int g = Config.GridSize, p = Config.PatchSize;
        // A convolution whose stride is its kernel's size is one product: [B, 3, g·p, g·p] -> [B, 3, g, p, g, p] -> [B, g, g, 3, p, p] -> [B, N, 3·p·p]
        Tensor pixels = images.to(ComputeType).reshape(count, 3, g, p, g, p).permute(0, 2, 4, 1, 3, 5).reshape(count, g * g, 3 * p * p);
        return linear(pixels, _patchWeight.view(Width, 3 * p * p), _patchBias).MoveToOuterDisposeScope();
    }

    /// <summary>Runs images through the network.</summary>
    /// <param name="images">[B, 3, S, S], normalised.</param>
    /// <param name="edits">What to add and what to return; null for the class token of the plain network.</param>
    /// <returns>[B, wanted tokens, D] after the final norm, in the compute type.</returns>
    /// <exception cref="ArgumentException">A tensor is of another shape than expected.</exception>
    public Tensor Forward(Tensor images, BlockEdits? edits = null)
    {
        using DisposeScope scope = NewDisposeScope();
        return ForwardPatches(EmbedPatches(images), edits).MoveToOuterDisposeScope();
    }

    /// <summary>Runs patch embeddings through the network, so that two passes over the same images share them.</summary>
    /// <param name="patches">[B, N, D] from <see cref="EmbedPatches"/>.</param>
    /// <param name="edits">What to add and what to return; null for the class token of the plain network.</param>
    /// <returns>[B, wanted tokens, D] after the final norm, in the compute type.</returns>
    /// <exception cref="ArgumentException">A tensor is of another shape than expected.</exception>
    public Tensor ForwardPatches(Tensor patches, BlockEdits? edits = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        edits ??= BlockEdits.None;
        if (patches.shape is not [var count, var n, var width] || n != Config.PatchCount || width != Width)
            throw new ArgumentException($"Expected patch embeddings of the shape [B, {Config.PatchCount}, {Width}]; found [{string.Join(", ", patches.shape)}].", nameof(patches));
        long inserted = edits.InputTokens is { } tokens ? TokenShape.Count(tokens, count, Width, nameof(BlockEdits.InputTokens)) : 0;
        if (edits.Output is OutputTokens.Inserted or OutputTokens.ClassAndInserted && inserted == 0 && edits.BlockTokens is not { Count: > 0 })
            throw new ArgumentException($"{nameof(BlockEdits.Output)} is {edits.Output}, but {nameof(BlockEdits.InputTokens)} is null: no token is inserted.", nameof(edits));
        using DisposeScope scope = NewDisposeScope();
        Tensor x = _blocks.Run(AssembleTokens(patches, edits.InputTokens), inserted, edits);   // [B, T, D] -> [B, wanted, D]
        return layer_norm(x, [Width], _normWeight, _normBias, NormEpsilon).MoveToOuterDisposeScope();
    }

    /// <summary>The class token after the final norm of the plain network, without gradient: L2P's query feature.</summary>
    /// <param name="images">[B, 3, S, S], normalised.</param>
    /// <returns>[B, D] in the compute type.</returns>
    public Tensor ClassFeature(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return ClassFeatureFromPatches(EmbedPatches(images)).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="ClassFeature"/>, from patch embeddings.</summary>
    /// <param name="patches">[B, N, D] from <see cref="EmbedPatches"/>.</param>
    /// <returns>[B, D] in the compute type.</returns>
    public Tensor ClassFeatureFromPatches(Tensor patches)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return ForwardPatches(patches).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>The architecture and where it runs.</summary>
    public override string ToString() => $"{Architecture}, {ComputeType.ToString().ToLowerInvariant()} on {Device}";

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (!_ownsWeights) return;
        foreach (Tensor weight in _weights.Values) weight.Dispose();
    }

    /// <summary>[B, N, D] and the inserted tokens -> [B, 1 + P + N, D] with positions. Inserted tokens share the class token's position.</summary>
    private Tensor AssembleTokens(Tensor patches, Tensor? insertedTokens)
    {
        using DisposeScope scope = NewDisposeScope();
        long count = patches.shape[0];
        Tensor classPosition = _positions.narrow(1, 0, 1);                            // [1, 1, D]
        Tensor classToken = (_classToken + classPosition).expand(count, 1, Width);
        Tensor grid = patches + _positions.narrow(1, 1, Config.PatchCount);
        if (insertedTokens is null) return cat([classToken, grid], 1).MoveToOuterDisposeScope();
        Tensor prompts = (insertedTokens.to(ComputeType) + classPosition).expand(count, -1, Width);   // [P, D] or [B, P, D] -> [B, P, D]
        return cat([classToken, prompts, grid], 1).MoveToOuterDisposeScope();
    }

    private static Dictionary<string, Tensor> Freeze(IReadOnlyDictionary<string, Tensor> tensors, VisionTransformerConfig config, Device device, ScalarType type)
    {
        var frozen = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        using IDisposable noGradient = no_grad();
        foreach (string name in config.TensorShapes().Keys)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor value = tensors[name].detach();
            if (name == "pos_embed") value = PositionEmbedding.Resize(value, config.GridSize);
            frozen.Add(name, value.to(type).to(device).contiguous().clone().DetachFromDisposeScope());
        }
        return frozen;
    }

    private static bool IsGridOfPositions(Tensor positions, int width) =>
        positions.shape is [1, > 1, var w] && w == width && Math.Sqrt(positions.shape[1] - 1) % 1 == 0;

    private static ScalarType DefaultType(Device device) => device.type == DeviceType.CPU ? ScalarType.Float32 : ScalarType.BFloat16;

    private static void CheckComputeType(ScalarType? computeType)
    {
        if (computeType is not (null or ScalarType.Float32 or ScalarType.BFloat16))
            throw new ArgumentException($"{nameof(computeType)}: expected {ScalarType.Float32} or {ScalarType.BFloat16}; found {computeType}.", nameof(computeType));
    }
}
