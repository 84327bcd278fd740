namespace Microsoft.ML.Continual.Backbones.Clip;

/// <summary>The sizes of a CLIP whose image tower is a vision transformer.</summary>
public sealed record ClipConfig
{
    private const int UsualHeadWidth = 64;

    /// <summary>The side of the square input image, in pixels; a multiple of <see cref="PatchSize"/>.</summary>
    public required int ImageSize { get; init; }

    /// <summary>The side of a square patch, in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>The width D of an image token; a multiple of <see cref="Heads"/>.</summary>
    public required int Width { get; init; }

    /// <summary>The number of blocks of the image tower.</summary>
    public required int Depth { get; init; }

    /// <summary>The number of attention heads of the image tower.</summary>
    public required int Heads { get; init; }

    /// <summary>The hidden width of an MLP of the image tower.</summary>
    public required int MlpWidth { get; init; }

    /// <summary>The width of a text token; a multiple of <see cref="TextHeads"/>.</summary>
    public required int TextWidth { get; init; }

    /// <summary>The number of blocks of the text tower.</summary>
    public required int TextDepth { get; init; }

    /// <summary>The number of attention heads of the text tower.</summary>
    public required int TextHeads { get; init; }

    /// <summary>The hidden width of an MLP of the text tower.</summary>
    public required int TextMlpWidth { get; init; }

    /// <summary>The width E of the features that images and texts are compared by.</summary>
    public required int EmbedWidth { get; init; }

    /// <summary>The largest number of tokens of a text, its start and end among them.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The number of tokens that the text tower knows.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Whether the MLPs use x · σ(1.702 x), as OpenAI's weights want it, or else the exact GELU, as most of LAION's do. Shapes do not tell.</summary>
    /// <value>The default is true.</value>
    public bool QuickGelu { get; init; } = true;

    /// <summary>Patches along a side of the image.</summary>
    public int GridSize => ImageSize / PatchSize;

    /// <summary>The number N of patches.</summary>
    public int PatchCount => GridSize * GridSize;

    /// <summary>Works the sizes out from the shapes of the weights.</summary>
    /// <param name="shapes">The shapes by OpenAI's names; others are ignored.</param>
    /// <param name="heads">The number of attention heads of the image tower, which shapes do not tell; null is one head for every 64 channels.</param>
    /// <param name="textHeads">As <paramref name="heads"/>, of the text tower.</param>
    /// <exception cref="InvalidDataException">A tensor is missing or of another shape; the message names it, what was expected and what was found.</exception>
    /// <exception cref="ArgumentException">The number of heads does not divide the width.</exception>
    public static ClipConfig Infer(IReadOnlyDictionary<string, long[]> shapes, int? heads = null, int? textHeads = null)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        long[] patch = Shape("visual.conv1.weight", "[width, 3, patch, patch]", s => s is [> 0, 3, > 0, _] && s[2] == s[3]);
        long[] positions = Shape("visual.positional_embedding", $"[1 + a square number, {patch[0]}]", s => s is [> 1, _] && s[1] == patch[0] && Math.Sqrt(s[0] - 1) % 1 == 0);
        long[] hidden = Shape("visual.transformer.resblocks.0.mlp.c_fc.weight", $"[MLP width, {patch[0]}]", s => s is [> 0, _] && s[1] == patch[0]);
        long[] projection = Shape("visual.proj", $"[{patch[0]}, embedding width]", s => s is [_, > 0] && s[0] == patch[0]);
        long[] tokens = Shape("token_embedding.weight", "[vocabulary, text width]", s => s is [> 0, > 0]);
        long[] textPositions = Shape("positional_embedding", $"[context length, {tokens[1]}]", s => s is [> 0, _] && s[1] == tokens[1]);
        long[] textHidden = Shape("transformer.resblocks.0.mlp.c_fc.weight", $"[MLP width, {tokens[1]}]", s => s is [> 0, _] && s[1] == tokens[1]);
        long grid = (long)Math.Round(Math.Sqrt(positions[0] - 1));
        if (grid * patch[2] > int.MaxValue) throw new InvalidDataException($"tensor 'visual.conv1.weight': expected patches that make an image; found {grid} of {patch[2]} pixels beside each other.");
        var config = new ClipConfig
        {
            ImageSize = (int)(grid * patch[2]),
            PatchSize = (int)patch[2],
            Width = (int)patch[0],
            Depth = Blocks("visual."),
            Heads = heads ?? UsualHeads((int)patch[0], nameof(heads)),
            MlpWidth = (int)hidden[0],
            TextWidth = (int)tokens[1],
            TextDepth = Blocks(""),
            TextHeads = textHeads ?? UsualHeads((int)tokens[1], nameof(textHeads)),
            TextMlpWidth = (int)textHidden[0],
            EmbedWidth = (int)projection[1],
            ContextLength = (int)textPositions[0],
            VocabularySize = (int)tokens[0],
        };
        config.Validate();
        return config;

        int Blocks(string tower)
        {
            int count = 0;
            while (shapes.ContainsKey($"{tower}transformer.resblocks.{count}.mlp.c_fc.weight")) count++;
            return count;
        }

        long[] Shape(string name, string expected, Func<long[], bool> fits)
        {
            if (!shapes.TryGetValue(name, out long[]? shape)) throw new InvalidDataException($"tensor '{name}': expected the shape {expected}; found no such tensor.");
            return fits(shape) && shape.All(size => size <= int.MaxValue) ? shape : throw new InvalidDataException($"tensor '{name}': expected the shape {expected}; found [{string.Join(", ", shape)}].");
        }

        static int UsualHeads(int width, string argument) => width % UsualHeadWidth == 0 ? width / UsualHeadWidth : throw new ArgumentException(
            $"The number of attention heads: expected a divisor of the width {width}; found none given, and the width is no multiple of {UsualHeadWidth}. Give the argument '{argument}'.", argument);
    }

    /// <summary>Checks that the sizes fit each other.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the size, what was expected and what was found.</exception>
    public void Validate()
    {
        foreach ((string name, int value) in new[]
                 {
                     (nameof(ImageSize), ImageSize), (nameof(PatchSize), PatchSize), (nameof(Width), Width), (nameof(Depth), Depth), (nameof(Heads), Heads), (nameof(MlpWidth), MlpWidth),
                     (nameof(TextWidth), TextWidth), (nameof(TextDepth), TextDepth), (nameof(TextHeads), TextHeads), (nameof(TextMlpWidth), TextMlpWidth),
                     (nameof(EmbedWidth), EmbedWidth), (nameof(ContextLength), ContextLength), (nameof(VocabularySize), VocabularySize),
                 })
        {
            if (value < 1) throw new ArgumentException($"{name}: expected at least 1; found {value}.");
        }
        if (ImageSize % PatchSize != 0) throw new ArgumentException($"{nameof(ImageSize)}: expected a multiple of the patch size {PatchSize}; found {ImageSize}.");
        if (Width % Heads != 0) throw new ArgumentException($"{nameof(Heads)}: expected a divisor of the width {Width}; found {Heads}.");
        if (TextWidth % TextHeads != 0) throw new ArgumentException($"{nameof(TextHeads)}: expected a divisor of the width {TextWidth}; found {TextHeads}.");
    }

    /// <summary>The names, as OpenAI's, and the shapes of all weights.</summary>
    public IReadOnlyDictionary<string, long[]> TensorShapes()
    {
        var shapes = new Dictionary<string, long[]>(StringComparer.Ordinal)
        {
            ["visual.class_embedding"] = [Width],
            ["visual.positional_embedding"] = [1 + PatchCount, Width],
            ["visual.conv1.weight"] = [Width, 3, PatchSize, PatchSize],
            ["visual.ln_pre.weight"] = [Width],
            ["visual.ln_pre.bias"] = [Width],
            ["visual.ln_post.weight"] = [Width],
            ["visual.ln_post.bias"] = [Width],
            ["visual.proj"] = [Width, EmbedWidth],
            ["token_embedding.weight"] = [VocabularySize, TextWidth],
            ["positional_embedding"] = [ContextLength, TextWidth],
            ["ln_final.weight"] = [TextWidth],
            ["ln_final.bias"] = [TextWidth],
            ["text_projection"] = [TextWidth, EmbedWidth],
            ["logit_scale"] = [],
        };
        AddBlocks("visual.", Depth, Width, MlpWidth);
        AddBlocks("", TextDepth, TextWidth, TextMlpWidth);
        return shapes;

        void AddBlocks(string tower, int depth, long d, long m)
        {
            for (int i = 0; i < depth; i++)
            {
                string block = $"{tower}transformer.resblocks.{i}.";
                shapes[block + "ln_1.weight"] = shapes[block + "ln_1.bias"] = [d];
                shapes[block + "attn.in_proj_weight"] = [3 * d, d];
                shapes[block + "attn.in_proj_bias"] = [3 * d];
                shapes[block + "attn.out_proj.weight"] = [d, d];
                shapes[block + "attn.out_proj.bias"] = [d];
                shapes[block + "ln_2.weight"] = shapes[block + "ln_2.bias"] = [d];
                shapes[block + "mlp.c_fc.weight"] = [m, d];
                shapes[block + "mlp.c_fc.bias"] = [m];
                shapes[block + "mlp.c_proj.weight"] = [d, m];
                shapes[block + "mlp.c_proj.bias"] = [d];
            }
        }
    }

    /// <summary>The architecture in words, such as <c>CLIP ViT 768x12, 12 heads, patch 16, image 224, text 512x12</c>.</summary>
    public override string ToString() => $"CLIP ViT {Width}x{Depth}, {Heads} heads, patch {PatchSize}, image {ImageSize}, text {TextWidth}x{TextDepth}";
}
