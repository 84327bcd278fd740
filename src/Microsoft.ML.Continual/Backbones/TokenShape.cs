using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>Checks the shapes of what a method gives: tokens, for all images alike or for each image by itself, and matrices.</summary>
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

    /// <summary>Checks a matrix.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="name">What to call it in the error.</param>
    /// <param name="rows">The number of rows; null accepts any.</param>
    /// <param name="columns">The number of columns.</param>
    /// <exception cref="ArgumentException">It is of another shape.</exception>
    public static void Require(Tensor matrix, string name, long? rows, long columns)
    {
        if (matrix.shape is [var r, var c] && (rows is null || r == rows) && c == columns) return;
        throw new ArgumentException($"{name}: expected the shape [{rows?.ToString() ?? "r"}, {columns}]; found [{string.Join(", ", matrix.shape)}].");
    }
}
