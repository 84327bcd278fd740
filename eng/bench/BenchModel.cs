using Microsoft.ML.Continual.Backbones;

namespace Microsoft.ML.Continual.Bench;

/// <summary>A backbone to measure, with the settings that both sides share: L2P's own.</summary>
/// <param name="Name">Its name in the results.</param>
/// <param name="Config">Its sizes.</param>
internal sealed record BenchModel(string Name, VisionTransformerConfig Config)
{
    public const int Classes = 10, PoolSize = 10, PromptLength = 5, TopK = 5;

    public static BenchModel Tiny { get; } = new("vit-ti/16 224px", new VisionTransformerConfig(224, 16, 192, 12, 3, 768));

    public static BenchModel Base { get; } = new("vit-b/16 224px", new VisionTransformerConfig(224, 16, 768, 12, 12, 3072));

    /// <summary>The transformer that comes with the quick start, by its file; null where the file is absent.</summary>
    public static BenchModel? QuickStart(string repository)
    {
        string samples = Path.Combine(repository, "samples", "QuickStart");
        string? file = Directory.Exists(samples) ? Directory.EnumerateFiles(samples, "*.safetensors", SearchOption.AllDirectories)
            .FirstOrDefault(path => !path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal)) : null;
        if (file is null) return null;
        using VisionTransformer backbone = VisionTransformer.Load(file);
        return new BenchModel($"quick start {backbone.ImageSize}px", backbone.Config);
    }

    /// <summary>Multiplications and additions that one image costs in a forward pass with so many tokens.</summary>
    public double ForwardOperations(int tokens) =>
        Config.Depth * (LinearOperations(tokens) + AttentionOperations(tokens)) + 2.0 * Config.PatchCount * Config.Width * 3 * Config.PatchSize * Config.PatchSize;

    /// <summary>The same for the backward pass to the inserted tokens, without gradients of weights.</summary>
    public double BackwardOperations(int tokens) => Config.Depth * (LinearOperations(tokens) + 2 * AttentionOperations(tokens));

    /// <summary>The plain network's tokens.</summary>
    public int QueryTokens => 1 + Config.PatchCount;

    /// <summary>The prompted network's tokens.</summary>
    public int PromptedTokens => QueryTokens + TopK * PromptLength;

    // A block's products with weights: qkv and projection, 4·D² a token, and the MLP's two.
    private double LinearOperations(int tokens) => 2.0 * tokens * Config.Width * (4 * Config.Width + 2 * Config.MlpWidth);

    // A block's q·kᵀ and its product with v.
    private double AttentionOperations(int tokens) => 4.0 * tokens * tokens * Config.Width;
}
