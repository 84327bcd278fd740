namespace Microsoft.ML.Continual.Data;

/// <summary>The filters of PIL's <c>Image.resize</c>, antialiased when shrinking.</summary>
public enum ResizeFilter
{
    /// <summary>Triangle filter, support 1.</summary>
    Bilinear,

    /// <summary>Catmull-Rom cubic (a = −0.5), support 2.</summary>
    Bicubic,
}
