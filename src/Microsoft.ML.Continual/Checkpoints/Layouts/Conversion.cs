using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Layouts;

/// <summary>How tensors of a file become one tensor of a network. Each gives the shape without reading, and null for sources that it does not fit.</summary>
internal sealed class Conversion
{
    private readonly Func<IReadOnlyList<IReadOnlyList<long>>, long[]?> _shape;
    private readonly Func<IReadOnlyList<Tensor>, Tensor> _convert;

    private Conversion(string expected, Func<IReadOnlyList<IReadOnlyList<long>>, long[]?> shape, Func<IReadOnlyList<Tensor>, Tensor> convert) => (Expected, _shape, _convert) = (expected, shape, convert);

    /// <summary>As it is.</summary>
    public static Conversion Copy { get; } = new("any shape", s => [.. s[0]], t => t[0].alias());

    /// <summary>[a, b] becomes [b, a]: a dense layer of Flax, or a projection that is stored the other way round.</summary>
    public static Conversion Transpose { get; } = new("[a, b]", s => s[0] is [var a, var b] ? [b, a] : null, t => t[0].transpose(0, 1));

    /// <summary>A convolution's kernel [height, width, in, out] becomes [out, in, height, width].</summary>
    public static Conversion Kernel { get; } = new("[height, width, in, out]", s => s[0] is [var h, var w, var i, var o] ? [o, i, h, w] : null, t => t[0].permute(3, 2, 0, 1));

    /// <summary>Query, key and value [D, H, d] each become [3·H·d, D].</summary>
    public static Conversion HeadsIn { get; } = new("[width, heads, head width] each",
        s => s[0] is [var d, var h, var lane] && Alike(s) ? [3 * h * lane, d] : null,
        t => cat([.. t.Select(x => x.reshape(x.shape[0], x.shape[1] * x.shape[2]).transpose(0, 1))], 0));   // [D, H, d] -> [D, H·d] -> [H·d, D] -> [3·H·d, D]

    /// <summary>The biases of query, key and value [H, d] each become [3·H·d].</summary>
    public static Conversion HeadBiases { get; } = new("[heads, head width] each",
        s => s[0] is [var h, var lane] && Alike(s) ? [3 * h * lane] : null,
        t => cat([.. t.Select(x => x.reshape(x.shape[0] * x.shape[1]))], 0));

    /// <summary>[H, d, D] becomes [D, H·d].</summary>
    public static Conversion HeadsOut { get; } = new("[heads, head width, width]",
        s => s[0] is [var h, var lane, var d] ? [d, h * lane] : null,
        t => t[0].permute(2, 0, 1).reshape(t[0].shape[2], t[0].shape[0] * t[0].shape[1]));

    /// <summary>Query, key and value, of one shape each, are laid one below the other.</summary>
    public static Conversion Stack { get; } = new("the same shape each", s => s[0].Count > 0 && Alike(s) ? [3 * s[0][0], .. s[0].Skip(1)] : null, t => cat([.. t], 0));

    /// <summary>The shapes that it takes, for messages.</summary>
    public string Expected { get; }

    public long[]? Shape(IReadOnlyList<IReadOnlyList<long>> sources) => this != Copy && sources.Any(s => s.Contains(0)) ? null : _shape(sources);

    /// <summary>A new contiguous tensor; the sources stay the caller's.</summary>
    public Tensor Convert(IReadOnlyList<Tensor> sources) => _convert(sources).contiguous();

    private static bool Alike(IReadOnlyList<IReadOnlyList<long>> shapes) => shapes.All(s => s.SequenceEqual(shapes[0]));
}
