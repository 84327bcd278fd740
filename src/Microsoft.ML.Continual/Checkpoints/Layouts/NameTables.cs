using static Microsoft.ML.Continual.Checkpoints.Layouts.Conversion;

namespace Microsoft.ML.Continual.Checkpoints.Layouts;

/// <summary>All name tables. The networks' own names are timm's for vision transformers and OpenAI's for CLIP.</summary>
internal static class NameTables
{
    private const string GoogleBlock = "Transformer/encoderblock_{i}/", GoogleAttention = GoogleBlock + "MultiHeadDotProductAttention_1/";
    private const string HuggingFaceBlock = "encoder.layer.{i}.", ClipBlock = "transformer.resblocks.{i}.";

    /// <summary>The first of Google's kernels of queries: its shape [D, H, d] tells the number of heads.</summary>
    public const string GoogleQuery = "Transformer/encoderblock_0/MultiHeadDotProductAttention_1/query/kernel";

    /// <summary>timm's, which DeiT and DINO use too. DINO's head stands beside its backbone, not within.</summary>
    public static NameTable Timm { get; } = new("timm's", "patch_embed.proj.weight", null, ["head.", "head_dist.", "pre_logits."], []);

    /// <summary>Those of Google's .npz files (ImageNet-21k, augreg, SAM), whose kernels are Flax's: [in, out], split by head.</summary>
    public static NameTable Google { get; } = new("Google's", "embedding/kernel",
    [
        new("cls_token", Copy, "cls"),
        new("pos_embed", Copy, "Transformer/posembed_input/pos_embedding"),
        .. NameRule.Layer("patch_embed.proj", Kernel, "embedding", "kernel", "/"),
        .. NameRule.Layer("blocks.{i}.norm1", Copy, GoogleBlock + "LayerNorm_0", "scale", "/"),
        new("blocks.{i}.attn.qkv.weight", HeadsIn, GoogleAttention + "query/kernel", GoogleAttention + "key/kernel", GoogleAttention + "value/kernel"),
        new("blocks.{i}.attn.qkv.bias", HeadBiases, GoogleAttention + "query/bias", GoogleAttention + "key/bias", GoogleAttention + "value/bias"),
        .. NameRule.Layer("blocks.{i}.attn.proj", HeadsOut, GoogleAttention + "out", "kernel", "/"),
        .. NameRule.Layer("blocks.{i}.norm2", Copy, GoogleBlock + "LayerNorm_2", "scale", "/"),
        .. NameRule.Layer("blocks.{i}.mlp.fc1", Transpose, GoogleBlock + "MlpBlock_3/Dense_0", "kernel", "/"),
        .. NameRule.Layer("blocks.{i}.mlp.fc2", Transpose, GoogleBlock + "MlpBlock_3/Dense_1", "kernel", "/"),
        .. NameRule.Layer("norm", Copy, "Transformer/encoder_norm", "scale", "/"),
    ], ["head/", "pre_logits/"], [], '/');

    /// <summary>
    /// Those of Hugging Face's ViTModel, which keeps queries, keys and values apart. Its layer norms add 1e-12 to the variance where timm's add
    /// 1e-6; tensors do not tell, so timm's is used for both.
    /// </summary>
    public static NameTable HuggingFaceTransformer { get; } = new("Hugging Face's", "embeddings.patch_embeddings.projection.weight",
    [
        new("cls_token", Copy, "embeddings.cls_token"),
        new("pos_embed", Copy, "embeddings.position_embeddings"),
        .. NameRule.Layer("patch_embed.proj", Copy, "embeddings.patch_embeddings.projection"),
        .. NameRule.Layer("blocks.{i}.norm1", Copy, HuggingFaceBlock + "layernorm_before"),
        .. Stacked("blocks.{i}.attn.qkv.", HuggingFaceBlock + "attention.attention.", "query", "key", "value"),
        .. NameRule.Layer("blocks.{i}.attn.proj", Copy, HuggingFaceBlock + "attention.output.dense"),
        .. NameRule.Layer("blocks.{i}.norm2", Copy, HuggingFaceBlock + "layernorm_after"),
        .. NameRule.Layer("blocks.{i}.mlp.fc1", Copy, HuggingFaceBlock + "intermediate.dense"),
        .. NameRule.Layer("blocks.{i}.mlp.fc2", Copy, HuggingFaceBlock + "output.dense"),
        .. NameRule.Layer("norm", Copy, "layernorm"),
    ], ["classifier.", "pooler.", "embeddings.mask_token"], []);

    /// <summary>OpenAI's; the attention masks are constants that a TorchScript archive may hold, the scalars repeat what shapes tell.</summary>
    public static NameTable OpenAIClip { get; } = new("OpenAI's", "visual.class_embedding", null, ["input_resolution", "context_length", "vocab_size"], ["attn_mask"]);

    /// <summary>Those of Hugging Face's CLIPModel, which keeps queries, keys and values apart and transposes the projections.</summary>
    public static NameTable HuggingFaceClip { get; } = new("Hugging Face's", "vision_model.embeddings.class_embedding",
    [
        new("visual.class_embedding", Copy, "vision_model.embeddings.class_embedding"),
        new("visual.conv1.weight", Copy, "vision_model.embeddings.patch_embedding.weight"),
        new("visual.positional_embedding", Copy, "vision_model.embeddings.position_embedding.weight"),
        .. NameRule.Layer("visual.ln_pre", Copy, "vision_model.pre_layrnorm"),   // spelt so
        .. NameRule.Layer("visual.ln_post", Copy, "vision_model.post_layernorm"),
        new("visual.proj", Transpose, "visual_projection.weight"),
        .. ClipTower("visual.", "vision_model."),
        new("token_embedding.weight", Copy, "text_model.embeddings.token_embedding.weight"),
        new("positional_embedding", Copy, "text_model.embeddings.position_embedding.weight"),
        .. ClipTower("", "text_model."),
        .. NameRule.Layer("ln_final", Copy, "text_model.final_layer_norm"),
        new("text_projection", Transpose, "text_projection.weight"),
        new("logit_scale", Copy, "logit_scale"),
    ], [], ["embeddings.position_ids"]);

    /// <summary>A name that only CLIP models with a ResNet have.</summary>
    public const string ClipResNetMarker = "visual.attnpool.positional_embedding";

    private static NameRule[] ClipTower(string target, string source) =>
    [
        .. NameRule.Layer(target + ClipBlock + "ln_1", Copy, source + "encoder.layers.{i}.layer_norm1"),
        .. Stacked(target + ClipBlock + "attn.in_proj_", source + "encoder.layers.{i}.self_attn.", "q_proj", "k_proj", "v_proj"),
        .. NameRule.Layer(target + ClipBlock + "attn.out_proj", Copy, source + "encoder.layers.{i}.self_attn.out_proj"),
        .. NameRule.Layer(target + ClipBlock + "ln_2", Copy, source + "encoder.layers.{i}.layer_norm2"),
        .. NameRule.Layer(target + ClipBlock + "mlp.c_fc", Copy, source + "encoder.layers.{i}.mlp.fc1"),
        .. NameRule.Layer(target + ClipBlock + "mlp.c_proj", Copy, source + "encoder.layers.{i}.mlp.fc2"),
    ];

    private static NameRule[] Stacked(string target, string source, params string[] parts) =>
        [.. new[] { "weight", "bias" }.Select(kind => new NameRule(target + kind, Stack, [.. parts.Select(p => $"{source}{p}.{kind}")]))];
}
