namespace Microsoft.ML.Continual.Data;

/// <summary>A decoded image in ordinary memory: three planes (red, green, blue), each row by row; bytes 0–255 or floats 0–1.</summary>
/// <param name="Height">The number of rows of pixels.</param>
/// <param name="Width">The number of pixels in a row.</param>
/// <param name="Bytes">[3 · Height · Width] in the order channel, row, column; null when <paramref name="Floats"/> is given.</param>
/// <param name="Floats">The same as floats in [0, 1]; null when <paramref name="Bytes"/> is given.</param>
/// <param name="Row">The position of the row in its view, 0-based.</param>
internal sealed record HostImage(int Height, int Width, byte[]? Bytes, float[]? Floats, long Row)
{
    /// <summary>Whether the pixels are floats.</summary>
    public bool IsFloat => Floats is not null;
}
