using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Makes an <see cref="MLImage"/> member an image column.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class ImageTypeAttribute : DataViewTypeAttribute
{
    private readonly int _height;
    private readonly int _width;

    /// <summary>Images of any size. As in ML.NET it cannot be used on a member: <see cref="Register"/> refuses a size of 0 × 0.</summary>
    public ImageTypeAttribute()
    {
    }

    /// <param name="height">The height of all images.</param>
    /// <param name="width">The width of all images.</param>
    public ImageTypeAttribute(int height, int width)
    {
        Errors.CheckParam(width > 0, nameof(width), "Should be positive number");
        Errors.CheckParam(height > 0, nameof(height), "Should be positive number");
        _height = height;
        _width = width;
    }

    /// <inheritdoc/>
    public override bool Equals(DataViewTypeAttribute other) => other is ImageTypeAttribute image && image._height == _height && image._width == _width;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_height, _width);

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The attribute has no size.</exception>
    public override void Register() => DataViewTypeManager.Register(new ImageDataViewType(_height, _width), typeof(MLImage), this);
}
