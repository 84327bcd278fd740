namespace Microsoft.ML.Continual.Backbones;

/// <summary>The sizes of a vision transformer.</summary>
/// <param name="ImageSize">The side of the square input image, in pixels; a multiple of <paramref name="PatchSize"/>.</param>
/// <param name="PatchSize">The side of a square patch, in pixels.</param>
/// <param name="Width">The width D of a token; a multiple of <paramref name="Heads"/>.</param>
/// <param name="Depth">The number of blocks.</param>
/// <param name="Heads">The number of attention heads H.</param>
/// <param name="MlpWidth">The hidden width of a block's MLP.</param>
public sealed record VisionTransformerConfig(int ImageSize, int PatchSize, int Width, int Depth, int Heads, int MlpWidth)
{
    /// <summary>Patches along a side of the image.</summary>
    public int GridSize => ImageSize / PatchSize;

    /// <summary>The number N of patches.</summary>
    public int PatchCount => GridSize * GridSize;

    /// <summary>The width of one head, D / H.</summary>
    public int HeadWidth => Width / Heads;

    /// <summary>Checks that the sizes fit each other.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the size, what was expected and what was found.</exception>
    public void Validate()
    {
        Positive(ImageSize, nameof(ImageSize));
        Positive(PatchSize, nameof(PatchSize));
        Positive(Width, nameof(Width));
        Positive(Depth, nameof(Depth));
        Positive(Heads, nameof(Heads));
        Positive(MlpWidth, nameof(MlpWidth));
        if (ImageSize % PatchSize != 0)
            throw new ArgumentException($"{nameof(ImageSize)}: expected a multiple of the patch size {PatchSize}; found {ImageSize}.");
        if (Width % Heads != 0)
            throw new ArgumentException($"{nameof(Heads)}: expected a divisor of the width {Width}; found {Heads}.");

        static void Positive(int value, string name)
        {
            if (value < 1) throw new ArgumentException($"{name}: expected at least 1; found {value}.");
        }
    }

    /// <summary>The names, as in timm, and the shapes of all weights, without a classifier.</summary>
    public IReadOnlyDictionary<string, long[]> TensorShapes()
    {
        long d = Width, m = MlpWidth;
        var shapes = new Dictionary<string, long[]>(StringComparer.Ordinal)
        {
            ["cls_token"] = [1, 1, d],
            ["pos_embed"] = [1, 1 + PatchCount, d],
            ["patch_embed.proj.weight"] = [d, 3, PatchSize, PatchSize],
            ["patch_embed.proj.bias"] = [d],
        };
        for (int i = 0; i < Depth; i++)
        {
            string block = $"blocks.{i}.";
            shapes[block + "norm1.weight"] = shapes[block + "norm1.bias"] = [d];
            shapes[block + "attn.qkv.weight"] = [3 * d, d];
            shapes[block + "attn.qkv.bias"] = [3 * d];
            shapes[block + "attn.proj.weight"] = [d, d];
            shapes[block + "attn.proj.bias"] = [d];
            shapes[block + "norm2.weight"] = shapes[block + "norm2.bias"] = [d];
            shapes[block + "mlp.fc1.weight"] = [m, d];
            shapes[block + "mlp.fc1.bias"] = [m];
            shapes[block + "mlp.fc2.weight"] = [d, m];
            shapes[block + "mlp.fc2.bias"] = [d];
        }
        shapes["norm.weight"] = shapes["norm.bias"] = [d];
        return shapes;
    }

    /// <summary>The architecture in words, such as <c>ViT 192x12, 3 heads, patch 16, image 224</c>.</summary>
    public override string ToString() => $"ViT {Width}x{Depth}, {Heads} heads, patch {PatchSize}, image {ImageSize}";
}
