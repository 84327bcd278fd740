using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>A frozen, pre-trained network. Its tensors never change and never require a gradient; many methods may share one.</summary>
public abstract class Backbone : IDisposable
{
    /// <summary>The architecture in words, such as <c>ViT 192x12, 3 heads, patch 16, image 224</c>.</summary>
    public abstract string Architecture { get; }

    /// <summary>The side of the square input image, in pixels.</summary>
    public abstract int ImageSize { get; }

    /// <summary>The width D of a token.</summary>
    public abstract int Width { get; }

    /// <summary>Where the weights lie.</summary>
    public abstract Device Device { get; }

    /// <summary>The type of the frozen weights and of the activations: float32 or bfloat16.</summary>
    public abstract ScalarType ComputeType { get; }

    /// <summary>What the pixels are normalised with before they enter <c>Forward</c>.</summary>
    public abstract ImageNormalization Normalization { get; }

    /// <summary>The file the weights were read from, or null for weights made in memory.</summary>
    public string? Source { get; protected init; }

    /// <summary>The SHA-256 of that file in lower-case hexadecimal digits, or null.</summary>
    public string? SourceSha256 { get; protected init; }

    /// <summary>Frees the weights. Methods and models that share the backbone cannot be used after this.</summary>
    public abstract void Dispose();
}
