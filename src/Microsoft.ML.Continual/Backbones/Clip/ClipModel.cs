using Microsoft.ML.Continual.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>
/// CLIP (Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021) with a vision transformer: an image tower and a text tower
/// whose features are compared by their cosine. The weights are frozen; what a method adds comes in through <see cref="BlockEdits"/> and the text tower's context.
/// </summary>
/// <remarks>Forward passes may run on several threads at once.</remarks>
public sealed class ClipModel : Backbone
{
    private const string ImagePositions = "visual.positional_embedding";

    private readonly Dictionary<string, Tensor> _weights;
    private bool _disposed;

    private ClipModel(Dictionary<string, Tensor> weights, ClipConfig config, ImageNormalization normalization, ITextTokenizer? tokenizer)
    {
        (_weights, Config, Normalization, Tokenizer) = (weights, config, normalization, tokenizer);
        Image = new ClipImageTower(weights, config);
        Text = new ClipTextTower(weights, config);
        Device = weights[ImagePositions].device;
        ComputeType = weights[ImagePositions].dtype;
        using DisposeScope scope = NewDisposeScope();
        LogitScale = weights["logit_scale"].to(ScalarType.Float64).exp().item<double>();
    }

    /// <summary>The sizes.</summary>
    public ClipConfig Config { get; }

    /// <summary>The image encoder.</summary>
    public ClipImageTower Image { get; }

    /// <summary>The text encoder.</summary>
    public ClipTextTower Text { get; }

    /// <summary>The factor of cosines in logits, <c>exp(logit_scale)</c>: about 100 after pre-training.</summary>
    public double LogitScale { get; }

    /// <summary>What turns text into token ids; null where no vocabulary was found or given.</summary>
    public ITextTokenizer? Tokenizer { get; }

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

    /// <summary>Reads a checkpoint, and the vocabulary beside it. The sizes follow from the tensors' shapes.</summary>
    /// <param name="path">
    /// A TorchScript archive as OpenAI's, a file by <c>torch.save</c> or a safetensors file, with the tensor names of OpenAI (also OpenCLIP's) or of Hugging Face's CLIPModel. The content tells
    /// which, not the name; nothing in the file is executed.
    /// </param>
    /// <param name="device">Where the weights go; null is the CPU.</param>
    /// <param name="imageSize">The side of the images, in pixels; position embeddings are resampled where it differs from the checkpoint's. Null is the checkpoint's own.</param>
    /// <param name="heads">The number of attention heads of the image tower, which shapes do not tell; null is one for every 64 channels.</param>
    /// <param name="textHeads">As <paramref name="heads"/>, of the text tower.</param>
    /// <param name="computeType">float32 or bfloat16; null is float32 on the CPU and bfloat16 elsewhere.</param>
    /// <param name="normalization">The normalisation of the pixels; null is <see cref="ImageNormalization.Clip"/>.</param>
    /// <param name="vocabularyPath">
    /// The vocabulary (see <see cref="ClipTokenizer.Read"/>) or a folder that holds one. Null looks for one beside the checkpoint, and leaves <see cref="Tokenizer"/> null where there is none.
    /// </param>
    /// <param name="quickGelu">Whether the MLPs use x · σ(1.702 x), as OpenAI's weights want it; give false for weights that were trained with the exact GELU, as most of LAION's.</param>
    /// <returns>The backbone; the caller disposes it.</returns>
    /// <exception cref="FileNotFoundException">There is no such file, or <paramref name="vocabularyPath"/> names a folder without a vocabulary.</exception>
    /// <exception cref="InvalidDataException">
    /// A file is damaged or the checkpoint holds another architecture; the message names the tensor, what was expected and what was found. Or the vocabulary is of another size than the
    /// token embedding.
    /// </exception>
    /// <exception cref="ArgumentException">An argument does not fit the checkpoint.</exception>
    /// <exception cref="InvalidOperationException">The native libtorch cannot be loaded; the message says which package to add.</exception>
    public static ClipModel Load(
        string path, Device? device = null, int? imageSize = null, int? heads = null, int? textHeads = null, ScalarType? computeType = null,
        ImageNormalization? normalization = null, string? vocabularyPath = null, bool quickGelu = true)
    {
        NativeLibtorch.Require();
        if (computeType is not (null or ScalarType.Float32 or ScalarType.BFloat16))
            throw new ArgumentException($"{nameof(computeType)}: expected {ScalarType.Float32} or {ScalarType.BFloat16}; found {computeType}.", nameof(computeType));
        normalization?.Validate();
        using DisposeScope scope = NewDisposeScope();
        (IReadOnlyDictionary<string, Tensor> tensors, ClipConfig config, string sha256) = ClipCheckpoint.Read(path, imageSize, heads, textHeads);
        string? vocabulary = ClipVocabularyFiles.Find(vocabularyPath, path);
        ClipTokenizer? tokenizer = vocabulary is null ? null : ClipTokenizer.Read(vocabulary);
        if (tokenizer is not null && tokenizer.VocabularySize != config.VocabularySize)
            throw new InvalidDataException($"The vocabulary '{vocabulary}' has {tokenizer.VocabularySize} tokens; the token embedding of '{path}' has {config.VocabularySize}. They do not belong together.");
        device ??= CPU;
        config = config with { QuickGelu = quickGelu };
        ScalarType type = computeType ?? (device.type == DeviceType.CPU ? ScalarType.Float32 : ScalarType.BFloat16);
        return new ClipModel(Freeze(tensors, config, device, type), config, normalization ?? ImageNormalization.Clip, tokenizer) { Source = path, SourceSha256 = sha256 };
    }

    /// <summary>Builds a backbone from tensors in memory.</summary>
    /// <param name="tensors">The weights, by the names of <see cref="ClipConfig.TensorShapes"/>; others are ignored. Image positions of another image size are resampled.</param>
    /// <param name="config">The sizes; <see cref="ClipConfig.Infer"/> finds them.</param>
    /// <param name="device">Where the weights go; null is the CPU.</param>
    /// <param name="computeType">The type of the weights; null keeps the class embedding's.</param>
    /// <param name="normalization">The normalisation of the pixels; null is <see cref="ImageNormalization.Clip"/>.</param>
    /// <param name="tokenizer">What turns text into token ids; null for none.</param>
    /// <returns>The backbone; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit each other, a tensor is missing or of another shape, or the tokeniser has another number of tokens than the token embedding.</exception>
    public static ClipModel FromTensors(
        IReadOnlyDictionary<string, Tensor> tensors, ClipConfig config, Device? device = null, ScalarType? computeType = null, ImageNormalization? normalization = null, ITextTokenizer? tokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        normalization?.Validate();
        if (tokenizer is not null && tokenizer.VocabularySize != config.VocabularySize)
            throw new ArgumentException($"{nameof(tokenizer)}: expected {config.VocabularySize} tokens, as the token embedding has; found {tokenizer.VocabularySize}.", nameof(tokenizer));
        foreach ((string name, long[] shape) in config.TensorShapes())
        {
            if (!tensors.TryGetValue(name, out Tensor? tensor)) throw new ArgumentException($"The tensor '{name}' is missing; expected the shape [{string.Join(", ", shape)}].", nameof(tensors));
            bool resampled = name == ImagePositions && tensor.shape is [> 1, var width] && width == config.Width && Math.Sqrt(tensor.shape[0] - 1) % 1 == 0;
            if (!resampled && !tensor.shape.SequenceEqual(shape))
                throw new ArgumentException($"Tensor '{name}': expected the shape [{string.Join(", ", shape)}]; found [{string.Join(", ", tensor.shape)}].", nameof(tensors));
        }
        using DisposeScope scope = NewDisposeScope();
        return new ClipModel(Freeze(tensors, config, device ?? CPU, computeType ?? tensors["visual.class_embedding"].dtype), config, normalization ?? ImageNormalization.Clip, tokenizer);
    }

    /// <summary>The features of images, as they are compared with those of texts.</summary>
    /// <param name="images">[B, 3, S, S], normalised.</param>
    /// <param name="edits">What the image tower adds; null for nothing. Its <see cref="BlockEdits.Output"/> is the class token.</param>
    /// <returns>[B, E] in the compute type; not scaled to unit length.</returns>
    /// <exception cref="ArgumentException">A tensor is of another shape than expected.</exception>
    public Tensor EncodeImages(Tensor images, BlockEdits? edits = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using DisposeScope scope = NewDisposeScope();
        Tensor token = Image.Forward(Image.Embed(images), (edits ?? BlockEdits.None) with { Output = OutputTokens.Class }).squeeze(1);   // [B, D]
        return Image.Project(token).MoveToOuterDisposeScope();
    }

    /// <summary>The features of texts, as they are compared with those of images.</summary>
    /// <param name="ids">int64 [K, T], as of <see cref="Tokenize"/>.</param>
    /// <param name="context">[n, D] or [K, n, D] for the text width D: stands for the embeddings of tokens 1 … n; null keeps the tokens' own. See <see cref="ClipTextTower.Forward"/>.</param>
    /// <returns>[K, E] in the compute type; not scaled to unit length.</returns>
    /// <exception cref="ArgumentException">A tensor is of another shape than expected.</exception>
    public Tensor EncodeTexts(Tensor ids, Tensor? context = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Text.Forward(ids, context);
    }

    /// <summary>Token ids of texts, padded with 0 to the longest of them, on the model's device.</summary>
    /// <param name="texts">At least one text.</param>
    /// <returns>int64 [K, T], T at most <see cref="ClipConfig.ContextLength"/>.</returns>
    /// <exception cref="InvalidOperationException">The model has no vocabulary.</exception>
    /// <exception cref="ArgumentException">There is no text, or one has more tokens than <see cref="ClipConfig.ContextLength"/>; the message names it.</exception>
    public Tensor Tokenize(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (texts.Count == 0) throw new ArgumentException("Expected at least one text; found none.", nameof(texts));
        ITextTokenizer tokenizer = Tokenizer ?? throw new InvalidOperationException($"The CLIP has no vocabulary. Load it with one: {ClipVocabularyFiles.Expected}.");
        IReadOnlyList<int>[] ids = [.. texts.Select(tokenizer.Encode)];
        for (int i = 0; i < ids.Length; i++)
        {
            if (ids[i].Count > Config.ContextLength)
                throw new ArgumentException($"The text '{texts[i]}' is too long: expected at most {Config.ContextLength} tokens with its start and end; found {ids[i].Count}.", nameof(texts));
        }
        return Pad(ids, Device);
    }

    /// <summary>The architecture and where it runs.</summary>
    public override string ToString() => $"{Architecture}, {ComputeType.ToString().ToLowerInvariant()} on {Device}";

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (Tensor weight in _weights.Values) weight.Dispose();
    }

    /// <summary>Rows of ids as one tensor, filled up with 0: int64 [K, longest].</summary>
    internal static Tensor Pad(IReadOnlyList<IReadOnlyList<int>> ids, Device device)
    {
        using DisposeScope scope = NewDisposeScope();
        int length = ids.Max(row => row.Count);
        long[] padded = new long[ids.Count * length];
        for (int i = 0; i < ids.Count; i++)
            for (int j = 0; j < ids[i].Count; j++) padded[i * length + j] = ids[i][j];
        return tensor((IList<long>)padded, new long[] { ids.Count, length }).to(device).MoveToOuterDisposeScope();
    }

    private static Dictionary<string, Tensor> Freeze(IReadOnlyDictionary<string, Tensor> tensors, ClipConfig config, Device device, ScalarType type)
    {
        var frozen = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        using IDisposable noGradient = no_grad();
        foreach (string name in config.TensorShapes().Keys)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor value = tensors[name].detach();
            // [1 + g², D] -> [1, 1 + g², D] -> [1 + N, D]
            if (name == ImagePositions) value = PositionEmbedding.Resize(value.unsqueeze(0), config.GridSize).squeeze(0);
            // The scale is read once, on the host: it keeps its digits whatever the compute type.
            ScalarType kept = name == "logit_scale" ? ScalarType.Float32 : type;
            frozen.Add(name, value.to(kept).to(device).contiguous().clone().DetachFromDisposeScope());
        }
        return frozen;
    }
}
