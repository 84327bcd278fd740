using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.L2P;

/// <summary>L2P's forward pass over given prompts and keys: the same for training, with gradients, and for prediction, without.</summary>
/// <remarks>In the shape comments B is images, N patches, M prompts in the pool, L their length, k selected prompts, D width.</remarks>
internal static class L2PNetwork
{
    /// <summary>The queries of a batch, without gradient: [B, D].</summary>
    /// <param name="backbone">The frozen network.</param>
    /// <param name="query">What a query is.</param>
    /// <param name="patches">[B, N, D].</param>
    public static Tensor Queries(VisionTransformer backbone, L2PQuery query, Tensor patches)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor queries = query == L2PQuery.ClassFeature ? backbone.ClassFeatureFromPatches(patches) : PatchQuery(patches, query);
        return queries.MoveToOuterDisposeScope();
    }

    /// <summary>Selects prompts, runs the network with them and pools its output. All results lie in the caller's dispose scope.</summary>
    /// <param name="backbone">The frozen network.</param>
    /// <param name="options">Sizes and pooling.</param>
    /// <param name="prompts">[M, L, D].</param>
    /// <param name="keys">[M, D].</param>
    /// <param name="patches">[B, N, D].</param>
    /// <param name="queries">[B, D].</param>
    /// <param name="selection">How prompts are selected.</param>
    /// <param name="given">int64 [1, k] ids that all images use instead, or null.</param>
    public static L2PPass Run(VisionTransformer backbone, L2POptions options, Tensor prompts, Tensor keys, Tensor patches, Tensor queries,
                              PromptSelection selection, Tensor? given)
    {
        int k = options.TopK, length = options.PromptLength, width = backbone.Width;
        using DisposeScope scope = NewDisposeScope();
        Tensor similarity = PromptMatching.Similarity(queries.to(keys.dtype), keys);                 // [B, M]
        Tensor selected = given?.detach() ?? PromptMatching.Select(similarity, k, selection);         // [R, k] with R = B or 1
        Tensor mask = PromptMatching.OneHot(selected, options.PoolSize);                             // [R, k, M]
        long rows = selected.shape[0];
        // Picked by a product with one-hot rows: its gradient is a product too, and so the same in every run on every device.
        // [R·k, M] × [M, L·D] -> [R·k, L·D] -> [R, k·L, D]
        Tensor tokens = mask.reshape(rows * k, options.PoolSize).to(prompts.dtype).mm(prompts.reshape(options.PoolSize, length * width)).view(rows, k * length, width);
        if (rows == 1) tokens = tokens.squeeze(0);                                                   // [k·L, D], shared
        Tensor output = backbone.ForwardPatches(patches, new BlockEdits { InputTokens = tokens, Output = options.Pooling.Tokens() });
        Tensor features = output.AverageTokens();                                                    // [B, D]
        return new L2PPass(similarity.MoveToOuterDisposeScope(), selected.MoveToOuterDisposeScope(), mask.MoveToOuterDisposeScope(),
                           tokens.MoveToOuterDisposeScope(), features.MoveToOuterDisposeScope());
    }

    /// <summary>The pull term of a pass; see <see cref="PromptMatching.Pull"/>.</summary>
    public static Tensor Pull(L2PPass pass) => PromptMatching.Pull(pass.Similarity, pass.SelectedMask);

    /// <summary>A query from patch embeddings [B, N, D] -> [B, D].</summary>
    internal static Tensor PatchQuery(Tensor patches, L2PQuery kind) => kind switch
    {
        L2PQuery.PatchMean => patches.mean([1]),
        L2PQuery.PatchMaximum => patches.amax([1]),
        L2PQuery.PatchMaximumAndMean => patches.amax([1]) + patches.mean([1]) * 2,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The class feature does not come from patch embeddings alone."),
    };
}
