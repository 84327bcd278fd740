using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Data;

/// <summary>Loads images, or the bytes of their files, from paths.</summary>
public sealed class ImageLoadingEstimator : TrivialEstimator<ImageLoadingTransformer>
{
    internal ImageLoadingEstimator((string Output, string Input) columns, string folder, bool decode)
        : base(new ImageLoadingTransformer(columns, folder, decode))
    {
    }

    /// <inheritdoc/>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        (string output, string input) = Transformer.Pair;
        SchemaShape.Column column = inputSchema.Find(input, nameof(inputSchema), "input");
        if (column.ItemType is not TextDataViewType || column.Kind != SchemaShape.Column.VectorKind.Scalar)
            throw Errors.SchemaMismatch(nameof(inputSchema), "input", input, TextDataViewType.Instance.ToString(), column.TypeText);
        return inputSchema.With(Transformer.Decodes
            ? new SchemaShape.Column(output, SchemaShape.Column.VectorKind.Scalar, new ImageDataViewType(), isKey: false)
            : new SchemaShape.Column(output, SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.Byte, isKey: false));
    }
}
