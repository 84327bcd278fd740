using Microsoft.ML.Continual.Methods;
using Microsoft.ML.Continual.Tasks;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Training;

/// <summary>The columns a trainer was first fitted on. A later task whose columns differ would silently mean something else.</summary>
/// <param name="ImageColumn">The image column's name.</param>
/// <param name="ImageType">Its type, in words.</param>
/// <param name="LabelColumn">The label column's name.</param>
/// <param name="LabelType">Its type, in words; the number of keys does not count, because it grows.</param>
internal sealed record ColumnSignature(string ImageColumn, string ImageType, string LabelColumn, string LabelType)
{
    /// <summary>Reads the signature of a view's columns; both must be there.</summary>
    public static ColumnSignature Of(DataViewSchema schema, MethodOptions options)
    {
        DataViewSchema.Column image = SchemaColumns.Find(schema, options.ImageColumnName, "image");
        LabelColumn label = Tasks.LabelColumn.Create(schema, options.LabelColumnName);
        // A key stands for its values, so that a key of texts may follow a key of other texts.
        string labelType = label.Column.Type is KeyDataViewType ? $"Key of {label.Kind.Name}" : label.Kind.Name;
        return new(image.Name, ImageWords(image.Type), label.Column.Name, labelType);
    }

    /// <exception cref="ArgumentException">The columns differ.</exception>
    public void Require(ColumnSignature found)
    {
        if (found == this) return;
        throw new ArgumentException(
            $"The columns differ from those of the first Fit: expected image column '{ImageColumn}' of type {ImageType} and label column '{LabelColumn}' of type {LabelType}; " +
            $"found '{found.ImageColumn}' of type {found.ImageType} and '{found.LabelColumn}' of type {found.LabelType}. Nothing was learned.");
    }

    // Images of any size are one type; vectors of pixels have their size in it.
    private static string ImageWords(DataViewType type) => type is VectorDataViewType ? $"{type}" : "Image";
}
