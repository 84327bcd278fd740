namespace Microsoft.ML.Continual.Data;

/// <summary>Images gathered into few contiguous buffers with the weights that resize them: host work done, device work to do.</summary>
/// <param name="Count">The number of images.</param>
/// <param name="Groups">The images, each in one group.</param>
internal sealed record PackedImages(int Count, IReadOnlyList<PackedGroup> Groups);

/// <summary>Images of like sizes, padded to the largest. The channel stands inside the row, so that both resize products are one matrix product an image.</summary>
/// <param name="Positions">Where each image stands in the batch, ascending.</param>
/// <param name="Height">The rows H of a padded image.</param>
/// <param name="Width">The columns W of a padded image.</param>
/// <param name="Bytes">[n, H, 3, W]; null when <paramref name="Floats"/> is given. What lies in the padding does not matter.</param>
/// <param name="Floats">[n, H, 3, W], zeros in the padding; null when <paramref name="Bytes"/> is given.</param>
/// <param name="Horizontal">[n or 1, S, W]: the weights of the columns, zero in the padding; null when the images are S × S already.</param>
/// <param name="Vertical">[n or 1, S, H]: the weights of the rows, zero in the padding; null when the images are S × S already.</param>
/// <param name="Overshoots">Whether the filter has negative weights, so that results may leave the range of the pixels.</param>
internal sealed record PackedGroup(
    int[] Positions, int Height, int Width, byte[]? Bytes, float[]? Floats, float[]? Horizontal, float[]? Vertical, bool Overshoots);
