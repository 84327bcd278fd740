using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Checkpoints.Writers;

/// <summary>Renames weights from the networks' own names to those of other files, written out by hand: the other way round from the library's tables.</summary>
internal static class ForeignNames
{
    /// <summary>timm's names and layouts to those of Google's .npz files, with a classifier that is to be ignored.</summary>
    public static Dictionary<string, Tensor> Google(IReadOnlyDictionary<string, Tensor> w, int depth, int heads, string prefix = "")
    {
        long d = w["cls_token"].shape[2], lane = d / heads;
        var google = new Dictionary<string, Tensor>
        {
            ["cls"] = w["cls_token"],
            ["Transformer/posembed_input/pos_embedding"] = w["pos_embed"],
            ["embedding/kernel"] = w["patch_embed.proj.weight"].permute(2, 3, 1, 0),
            ["embedding/bias"] = w["patch_embed.proj.bias"],
            ["Transformer/encoder_norm/scale"] = w["norm.weight"],
            ["Transformer/encoder_norm/bias"] = w["norm.bias"],
            ["head/kernel"] = zeros(d, 7),
            ["head/bias"] = zeros(7),
            ["pre_logits/kernel"] = zeros(d, d),
            ["pre_logits/bias"] = zeros(d),
        };
        for (int i = 0; i < depth; i++)
        {
            string block = $"blocks.{i}.", to = $"Transformer/encoderblock_{i}/", attention = to + "MultiHeadDotProductAttention_1/";
            (google[to + "LayerNorm_0/scale"], google[to + "LayerNorm_0/bias"]) = (w[block + "norm1.weight"], w[block + "norm1.bias"]);
            (google[to + "LayerNorm_2/scale"], google[to + "LayerNorm_2/bias"]) = (w[block + "norm2.weight"], w[block + "norm2.bias"]);
            string[] parts = ["query", "key", "value"];
            for (int p = 0; p < 3; p++)
            {
                google[$"{attention}{parts[p]}/kernel"] = w[block + "attn.qkv.weight"].narrow(0, p * d, d).transpose(0, 1).reshape(d, heads, lane);   // [D out, D in] -> [D in, H, d]
                google[$"{attention}{parts[p]}/bias"] = w[block + "attn.qkv.bias"].narrow(0, p * d, d).reshape(heads, lane);
            }
            google[attention + "out/kernel"] = w[block + "attn.proj.weight"].transpose(0, 1).reshape(heads, lane, d);
            google[attention + "out/bias"] = w[block + "attn.proj.bias"];
            for (int p = 0; p < 2; p++)
            {
                google[$"{to}MlpBlock_3/Dense_{p}/kernel"] = w[$"{block}mlp.fc{p + 1}.weight"].transpose(0, 1);
                google[$"{to}MlpBlock_3/Dense_{p}/bias"] = w[$"{block}mlp.fc{p + 1}.bias"];
            }
        }
        return google.ToDictionary(t => prefix + t.Key, t => t.Value);
    }

    /// <summary>timm's names to those of Hugging Face's ViTForImageClassification.</summary>
    public static Dictionary<string, Tensor> HuggingFaceTransformer(IReadOnlyDictionary<string, Tensor> weights) => Rename(weights,
        [
            ("cls_token", "vit.embeddings.cls_token"), ("pos_embed", "vit.embeddings.position_embeddings"), ("patch_embed.proj", "vit.embeddings.patch_embeddings.projection"),
            ("blocks.", "vit.encoder.layer."), (".norm1.", ".layernorm_before."), (".norm2.", ".layernorm_after."), (".attn.proj.", ".attention.output.dense."),
            (".mlp.fc1.", ".intermediate.dense."), (".mlp.fc2.", ".output.dense."),
        ], ".attn.qkv.", ".attention.attention.query.", ".attention.attention.key.", ".attention.attention.value.")
        .ToDictionary(t => t.Key is "norm.weight" or "norm.bias" ? "vit.layer" + t.Key : t.Key, t => t.Value);

    /// <summary>OpenAI's names to those of Hugging Face's CLIPModel.</summary>
    public static Dictionary<string, Tensor> HuggingFaceClip(IReadOnlyDictionary<string, Tensor> weights)
    {
        (string, string)[] blocks =
        [
            ("transformer.resblocks.", "encoder.layers."), (".attn.out_proj.", ".self_attn.out_proj."), (".ln_1.", ".layer_norm1."), (".ln_2.", ".layer_norm2."),
            (".mlp.c_fc.", ".mlp.fc1."), (".mlp.c_proj.", ".mlp.fc2."),
        ];
        Dictionary<string, Tensor> split = Rename(weights, blocks, ".attn.in_proj_", ".self_attn.q_proj.", ".self_attn.k_proj.", ".self_attn.v_proj.");
        var result = new Dictionary<string, Tensor> { ["vision_model.embeddings.position_ids"] = arange(3, ScalarType.Int64) };
        foreach ((string name, Tensor tensor) in split)
        {
            (string foreign, Tensor value) = name switch
            {
                "visual.proj" => ("visual_projection.weight", tensor.transpose(0, 1)),
                "text_projection" => ("text_projection.weight", tensor.transpose(0, 1)),
                "logit_scale" => (name, tensor),
                "visual.class_embedding" => ("vision_model.embeddings.class_embedding", tensor),
                "visual.conv1.weight" => ("vision_model.embeddings.patch_embedding.weight", tensor),
                "visual.positional_embedding" => ("vision_model.embeddings.position_embedding.weight", tensor),
                "positional_embedding" => ("text_model.embeddings.position_embedding.weight", tensor),
                "token_embedding.weight" => ("text_model.embeddings.token_embedding.weight", tensor),
                _ when name.StartsWith("visual.", StringComparison.Ordinal) => ("vision_model." + name["visual.".Length..].Replace("ln_pre", "pre_layrnorm").Replace("ln_post", "post_layernorm"), tensor),
                _ => ("text_model." + name.Replace("ln_final", "final_layer_norm"), tensor),
            };
            result[foreign] = value;
        }
        return result;
    }

    private static Dictionary<string, Tensor> Rename(IReadOnlyDictionary<string, Tensor> weights, (string From, string To)[] rules, string stacked, params string[] parts)
    {
        var result = new Dictionary<string, Tensor>();
        foreach ((string name, Tensor tensor) in weights)
        {
            string renamed = rules.Aggregate(name, (n, rule) => n.Replace(rule.From, rule.To, StringComparison.Ordinal));
            if (!renamed.Contains(stacked, StringComparison.Ordinal))
            {
                result[renamed] = tensor;
                continue;
            }
            long rows = tensor.shape[0] / 3;
            for (int p = 0; p < 3; p++) result[renamed.Replace(stacked, parts[p], StringComparison.Ordinal)] = tensor.narrow(0, p * rows, rows);
        }
        return result;
    }
}
