using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>A row of a rendered data set: a label, and 3 × 48 × 48 bytes in the order channel, row, column.</summary>
public sealed class LabeledPixels
{
    /// <summary>The side of an image in pixels.</summary>
    public const int Size = 48;

    /// <summary>The name of the class.</summary>
    public required string Label { get; init; }

    /// <summary>[3, 48, 48] red, green, blue.</summary>
    [VectorType(3, Size, Size)]
    public required byte[] Image { get; init; }
}
