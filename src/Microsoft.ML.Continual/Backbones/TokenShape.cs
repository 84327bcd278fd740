using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>Tokens that a method gives for all images alike or for each image by itself.</summary>
internal static class TokenShape
{
    /// <summary>[P, D] or [B, P, D] -> [B, P, D].</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="count">B.</param>
    /// <param name="width">D.</param>
    /// <param name="name">What to call them in the error.</param>
    /// <exception cref="ArgumentException">They are of another shape.</exception>
    public static Tensor ForBatch(Tensor tokens, long count, long width, string name) => tokens.expand(count, Count(tokens, count, width, name), width);

    /// <summary>The number P of tokens.</summary>
    /// <exception cref="ArgumentException">They are of another shape than [P, D] or [B, P, D].</exception>
    public static long Count(Tensor tokens, long count, long width, string name) => tokens.shape switch
    {
        [> 0, var w] when w == width => tokens.shape[0],
        [var images, > 0, var w] when w == width && images == count => tokens.shape[1],
        _ => throw new ArgumentException($"{name}: expected the shape [P, {width}] or [{count}, P, {width}] with P of at least 1; found [{string.Join(", ", tokens.shape)}]."),
    };
}
