using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Backbones.Clip;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>The forward pass over given prompt and contexts: the same for training, with gradients, and for prediction, without.</summary>
/// <remarks>In the shape comments B is images, K texts, P prompt tokens, n context tokens, E embedding width.</remarks>
internal static class ClipPromptNetwork
{
    /// <summary>Features of images under the prompt [P, D], of unit length: [B, E].</summary>
    public static Tensor ImageFeatures(ClipModel clip, Tensor images, Tensor prompt)
    {
        using DisposeScope scope = NewDisposeScope();
        return Unit(clip.EncodeImages(images, new BlockEdits { InputTokens = prompt })).MoveToOuterDisposeScope();
    }

    /// <summary>Features of images, of unit length, [B, E], under a prompt [P, D] or the factors [r, E] and [E, r] of an adapter.</summary>
    public static Tensor ImageFeatures(ClipModel clip, Tensor images, IReadOnlyList<Tensor> tuned)
    {
        if (tuned.Count == 1) return ImageFeatures(clip, images, tuned[0]);
        using DisposeScope scope = NewDisposeScope();
        Tensor features = clip.EncodeImages(images);
        features = features.to(features.dtype == ScalarType.Float64 ? features.dtype : ScalarType.Float32);
        return Unit(features + nn.functional.linear(nn.functional.linear(features, tuned[0]), tuned[1])).MoveToOuterDisposeScope();   // [B, E] -> [B, r] -> [B, E]
    }

    /// <summary>Features of texts [K, T] under their contexts ([n, Dt] or [K, n, Dt]), of unit length: [K, E].</summary>
    public static Tensor TextFeatures(ClipModel clip, Tensor ids, Tensor contexts)
    {
        using DisposeScope scope = NewDisposeScope();
        return Unit(clip.EncodeTexts(ids, contexts)).MoveToOuterDisposeScope();
    }

    /// <summary>exp(logit_scale) · cosine: [B, E] and [K, E] -> [B, K].</summary>
    public static Tensor Logits(ClipModel clip, Tensor images, Tensor texts) => (images * clip.LogitScale).mm(texts.t());

    private static Tensor Unit(Tensor v)
    {
        Tensor wide = v.dtype == ScalarType.Float64 ? v : v.to(ScalarType.Float32);   // whatever the backbone's type
        return wide * wide.square().sum(-1, true).rsqrt();
    }
}
