using System.Runtime.InteropServices;

namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>What was drawn for an image: the operations of its pair that are applied, in this order.</summary>
/// <param name="First">The first operation; null where it is left out.</param>
/// <param name="Second">The second operation; null where it is left out.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AugmentPair(AugmentAction? First, AugmentAction? Second)
{
    /// <summary>Whether the image stays as it is.</summary>
    public bool IsEmpty => First is null && Second is null;
}
