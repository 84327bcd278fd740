using System.Buffers;

namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>A batch's images after the operations drawn for them. The originals are not touched: they may be cached. Disposing gives the memory back.</summary>
/// <remarks>Images of floats become bytes first, rounded to the nearest of the 256 levels, for the operations are defined on these.</remarks>
internal sealed class AugmentedImages : IDisposable
{
    private readonly List<byte[]> _rented = [];

    /// <summary>Applies the operations, image by image.</summary>
    /// <param name="images">The images.</param>
    /// <param name="pairs">What was drawn for each.</param>
    public AugmentedImages(IReadOnlyList<HostImage> images, IReadOnlyList<AugmentPair> pairs)
    {
        var augmented = new HostImage[images.Count];
        byte[] spare = [];
        for (int i = 0; i < augmented.Length; i++) augmented[i] = Augment(images[i], pairs[i], ref spare);
        if (spare.Length > 0) ArrayPool<byte>.Shared.Return(spare);
        Images = augmented;
    }

    /// <summary>The images, all of bytes; their arrays may be longer than the image. They last until this is disposed.</summary>
    public IReadOnlyList<HostImage> Images { get; }

    /// <summary>Gives the images' memory back.</summary>
    public void Dispose()
    {
        foreach (byte[] buffer in _rented) ArrayPool<byte>.Shared.Return(buffer);
        _rented.Clear();
    }

    private HostImage Augment(HostImage image, AugmentPair pair, ref byte[] spare)
    {
        if (pair.IsEmpty && !image.IsFloat) return image;
        int length = 3 * image.Height * image.Width;
        byte[] pixels = ArrayPool<byte>.Shared.Rent(length);
        if (image.IsFloat)
        {
            for (int i = 0; i < length; i++) pixels[i] = (byte)Math.Clamp(image.Floats![i] * 255 + 0.5f, 0, 255);
        }
        else
        {
            image.Bytes.AsSpan(0, length).CopyTo(pixels);
        }
        if (spare.Length < length)
        {
            if (spare.Length > 0) ArrayPool<byte>.Shared.Return(spare);
            spare = ArrayPool<byte>.Shared.Rent(length);
        }
        if (pair.First is { } first) Augmenter.Apply(first, image.Height, image.Width, ref pixels, ref spare);
        if (pair.Second is { } second) Augmenter.Apply(second, image.Height, image.Width, ref pixels, ref spare);
        _rented.Add(pixels);
        return new HostImage(image.Height, image.Width, pixels, null, image.Row);
    }
}
