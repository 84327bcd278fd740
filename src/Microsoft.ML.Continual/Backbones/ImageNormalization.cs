using System.Globalization;

namespace Microsoft.ML.Continual.Backbones;

/// <summary>The per-channel statistics that a backbone was trained with: <c>(pixel / 255 − mean) / deviation</c>.</summary>
/// <param name="Mean">The mean of each channel (red, green, blue), in units of the pixel range [0, 1].</param>
/// <param name="Deviation">The standard deviation of each channel, in the same units; positive.</param>
public sealed record ImageNormalization(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation)
{
    /// <summary>Pixels stay in [0, 1]; what L2P, DualPrompt and PGP use with every checkpoint.</summary>
    public static ImageNormalization None { get; } = new([0, 0, 0], [1, 1, 1]);

    /// <summary>The ImageNet-1k statistics: DeiT, DINO and most of timm.</summary>
    public static ImageNormalization ImageNet { get; } = new([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>Pixels in [−1, 1]: the original and augreg ViT checkpoints as timm uses them.</summary>
    public static ImageNormalization Inception { get; } = new([0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f]);

    /// <summary>The statistics that OpenAI's CLIP was trained with.</summary>
    public static ImageNormalization Clip { get; } = new([0.48145466f, 0.4578275f, 0.40821073f], [0.26862954f, 0.26130258f, 0.27577711f]);

    /// <summary>CIFAR-100's statistics: what CLIP-PGP's released code uses with CLIP, on every data set.</summary>
    public static ImageNormalization Cifar100 { get; } = new([0.507f, 0.487f, 0.441f], [0.267f, 0.256f, 0.276f]);

    /// <exception cref="ArgumentException">There are not three finite numbers each, or a deviation is not positive.</exception>
    internal void Validate()
    {
        if (Mean is not { Count: 3 } || Deviation is not { Count: 3 } || !Mean.All(float.IsFinite) || !Deviation.All(d => d > 0 && float.IsFinite(d)))
            throw new ArgumentException($"The normalisation: expected three finite means and three positive deviations; found {Words(Mean)} and {Words(Deviation)}.");

        static string Words(IReadOnlyList<float>? numbers) => numbers is null ? "null" : $"[{string.Join(", ", numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)))}]";
    }
}
