using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Copies a column, annotations and all.</summary>
public sealed class ColumnCopyingEstimator : TrivialEstimator<ColumnCopyingTransformer>
{
    internal ColumnCopyingEstimator(string output, string input) : base(new ColumnCopyingTransformer(output, input))
    {
    }

    /// <inheritdoc/>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        (string output, string input) = Transformer.Pair;
        SchemaShape.Column column = inputSchema.Find(input, nameof(inputSchema), "input");
        return inputSchema.With(new SchemaShape.Column(output, column.Kind, column.ItemType, column.IsKey, column.Annotations));
    }
}
