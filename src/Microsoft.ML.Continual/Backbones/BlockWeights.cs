using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>The weights of one pre-norm transformer block. D is the width, M the hidden width of the MLP.</summary>
internal sealed record BlockWeights
{
    /// <summary>[D].</summary>
    public required Tensor Norm1Weight { get; init; }

    /// <summary>[D].</summary>
    public required Tensor Norm1Bias { get; init; }

    /// <summary>[3·D, D]: rows of queries, then keys, then values.</summary>
    public required Tensor QkvWeight { get; init; }

    /// <summary>[3·D].</summary>
    public required Tensor QkvBias { get; init; }

    /// <summary>[D, D].</summary>
    public required Tensor ProjWeight { get; init; }

    /// <summary>[D].</summary>
    public required Tensor ProjBias { get; init; }

    /// <summary>[D].</summary>
    public required Tensor Norm2Weight { get; init; }

    /// <summary>[D].</summary>
    public required Tensor Norm2Bias { get; init; }

    /// <summary>[M, D].</summary>
    public required Tensor Fc1Weight { get; init; }

    /// <summary>[M].</summary>
    public required Tensor Fc1Bias { get; init; }

    /// <summary>[D, M].</summary>
    public required Tensor Fc2Weight { get; init; }

    /// <summary>[D].</summary>
    public required Tensor Fc2Bias { get; init; }

    /// <summary>By timm's names.</summary>
    /// <param name="weights">All weights.</param>
    /// <param name="prefix">What stands before the names, such as <c>blocks.0.</c>.</param>
    public static BlockWeights FromTimm(IReadOnlyDictionary<string, Tensor> weights, string prefix) => new()
    {
        Norm1Weight = weights[prefix + "norm1.weight"],
        Norm1Bias = weights[prefix + "norm1.bias"],
        QkvWeight = weights[prefix + "attn.qkv.weight"],
        QkvBias = weights[prefix + "attn.qkv.bias"],
        ProjWeight = weights[prefix + "attn.proj.weight"],
        ProjBias = weights[prefix + "attn.proj.bias"],
        Norm2Weight = weights[prefix + "norm2.weight"],
        Norm2Bias = weights[prefix + "norm2.bias"],
        Fc1Weight = weights[prefix + "mlp.fc1.weight"],
        Fc1Bias = weights[prefix + "mlp.fc1.bias"],
        Fc2Weight = weights[prefix + "mlp.fc2.weight"],
        Fc2Bias = weights[prefix + "mlp.fc2.bias"],
    };

    /// <summary>By the names of OpenAI's CLIP.</summary>
    /// <param name="weights">All weights.</param>
    /// <param name="prefix">What stands before the names, such as <c>visual.transformer.resblocks.0.</c>.</param>
    public static BlockWeights FromOpenAi(IReadOnlyDictionary<string, Tensor> weights, string prefix) => new()
    {
        Norm1Weight = weights[prefix + "ln_1.weight"],
        Norm1Bias = weights[prefix + "ln_1.bias"],
        QkvWeight = weights[prefix + "attn.in_proj_weight"],
        QkvBias = weights[prefix + "attn.in_proj_bias"],
        ProjWeight = weights[prefix + "attn.out_proj.weight"],
        ProjBias = weights[prefix + "attn.out_proj.bias"],
        Norm2Weight = weights[prefix + "ln_2.weight"],
        Norm2Bias = weights[prefix + "ln_2.bias"],
        Fc1Weight = weights[prefix + "mlp.c_fc.weight"],
        Fc1Bias = weights[prefix + "mlp.c_fc.bias"],
        Fc2Weight = weights[prefix + "mlp.c_proj.weight"],
        Fc2Bias = weights[prefix + "mlp.c_proj.bias"],
    };
}
