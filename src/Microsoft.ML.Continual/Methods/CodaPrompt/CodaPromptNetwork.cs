using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>CODA-Prompt's forward pass over given components: the same for training, with gradients, and for prediction, without.</summary>
/// <remarks>In the shape comments B is images, N patches, M components, L tokens of a prompt, D width.</remarks>
internal static class CodaPromptNetwork
{
    private const double TinySquare = 1e-24;   // lengths below 1e-12 count as that

    /// <summary>The classifier's input, [B, D] float32, in the caller's dispose scope.</summary>
    /// <param name="backbone">The frozen network.</param>
    /// <param name="components">Those of each prompted block.</param>
    /// <param name="patches">[B, N, D].</param>
    /// <param name="queries">[B, D].</param>
    public static Tensor Features(VisionTransformer backbone, IEnumerable<ComponentTensors> components, Tensor patches, Tensor queries)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = queries.detach().to(ScalarType.Float32);
        Dictionary<int, AttentionPrefix> prefixes = components.ToDictionary(c => c.Block, c => Prefix(Prompt(Weights(q, c.Attention, c.Keys), c.Prompts)));
        return backbone.ForwardPatches(patches, new BlockEdits { Prefixes = prefixes }).AverageTokens().MoveToOuterDisposeScope();   // [B, 1, D] -> [B, D]
    }

    /// <summary>The weights of the components, [B, M] in [−1, 1]: cos(q ⊙ A_m, K_m).</summary>
    /// <remarks>By two products, q · (A_m ⊙ K_m) and q² · A_m², so that no [B, M, D] is made.</remarks>
    public static Tensor Weights(Tensor queries, Tensor attention, Tensor keys)
    {
        Tensor directions = keys / keys.square().sum(1, keepdim: true).clamp_min(TinySquare).sqrt();          // [M, D]
        Tensor lengths = queries.square().mm(attention.square().t()).clamp_min(TinySquare).sqrt();            // [B, D] x [D, M]
        return queries.mm((attention * directions).t()) / lengths;
    }

    /// <summary>The weighted sums of the components: [B, M] x [M, L·D] -> [B, L, D].</summary>
    public static Tensor Prompt(Tensor weights, Tensor prompts) => weights.mm(prompts.flatten(1)).view(weights.shape[0], prompts.shape[1], prompts.shape[2]);

    /// <summary>The mean over the entries of (X Xᵀ − I)², for rows X of any shape; a scalar.</summary>
    public static Tensor Orthogonality(Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = rows.flatten(1);   // [M, n]
        return (x.mm(x.t()) - eye(x.shape[0], x.shape[0], x.dtype, x.device)).square().mean().MoveToOuterDisposeScope();
    }

    /// <summary>The sum of <see cref="Orthogonality(Tensor)"/> over components, keys and attention vectors of all blocks; a scalar.</summary>
    public static Tensor Orthogonality(IEnumerable<ComponentTensors> components) =>
        components.Select(c => Orthogonality(c.Prompts) + Orthogonality(c.Keys) + Orthogonality(c.Attention)).Aggregate((sum, term) => sum + term);

    // [B, L, D] -> two of [B, L/2, D]
    private static AttentionPrefix Prefix(Tensor prompt)
    {
        long half = prompt.shape[1] / 2;
        return new AttentionPrefix(prompt.narrow(1, 0, half), prompt.narrow(1, half, half));
    }
}
