using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Makes an <see cref="MLImage"/> member an image column whose rows may differ in size.</summary>
/// <remarks>ML.NET's own <see cref="ImageTypeAttribute"/> needs a height and a width: without them it throws when the column is made.</remarks>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class AnySizeImageAttribute : DataViewTypeAttribute
{
    /// <inheritdoc/>
    public override bool Equals(DataViewTypeAttribute? other) => other is AnySizeImageAttribute;

    /// <inheritdoc/>
    public override int GetHashCode() => typeof(AnySizeImageAttribute).GetHashCode();

    /// <inheritdoc/>
    public override void Register() => DataViewTypeManager.Register(new ImageDataViewType(), typeof(MLImage), this);
}
