using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>
/// Activations that meet a site's rows p through a fixed linear map for each head: the products <c>x_h · L_h · pᵀ</c>, where attention compares queries x with keys W_k·p. Projections need
/// Σ_h L_hᵀ (Σ x_hᵀx_h) L_h only, for which the wide x_h · L_h need never be formed.
/// </summary>
/// <param name="Name">The name under which the method collects x: [B, tokens, H·d], the heads side by side.</param>
/// <param name="Maps">L, [H, d, D] on the device, in any floating type. The method owns it.</param>
public sealed record MappedActivations(string Name, Tensor Maps)
{
    /// <summary>The number H of heads.</summary>
    public int Heads => (int)Maps.shape[0];

    /// <summary>The width d of a head.</summary>
    public int HeadWidth => (int)Maps.shape[1];
}
