using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms.Image;

/// <summary>A column of <see cref="MLImage"/>, of one size or of any.</summary>
public sealed class ImageDataViewType : StructuredDataViewType
{
    /// <summary>The height; 0 if it varies.</summary>
    public readonly int Height;

    /// <summary>The width; 0 if it varies.</summary>
    public readonly int Width;

    /// <summary>Images of any size.</summary>
    public ImageDataViewType() : base(typeof(MLImage))
    {
    }

    /// <param name="height">The height of all images.</param>
    /// <param name="width">The width of all images.</param>
    public ImageDataViewType(int height, int width) : base(typeof(MLImage))
    {
        Errors.CheckParam(height > 0, nameof(height), "Must be positive.");
        Errors.CheckParam(width > 0, nameof(width), "Must be positive.");
        Errors.CheckParam((long)height * width <= int.MaxValue / 4, nameof(height), $"{nameof(height)} * {nameof(width)} is too large.");
        Height = height;
        Width = width;
    }

    /// <inheritdoc/>
    public override bool Equals(DataViewType other) => other is ImageDataViewType image && image.Height == Height && image.Width == Width;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Height, Width);

    /// <summary>For example <c>Image&lt;224, 224&gt;</c>.</summary>
    public override string ToString() => Height == 0 && Width == 0 ? "Image" : $"Image<{Height}, {Width}>";
}
