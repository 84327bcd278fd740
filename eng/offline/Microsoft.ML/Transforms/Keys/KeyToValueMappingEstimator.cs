using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Turns keys back into the values in their KeyValues annotation.</summary>
public sealed class KeyToValueMappingEstimator : TrivialEstimator<KeyToValueMappingTransformer>
{
    internal KeyToValueMappingEstimator((string Output, string Input)[] columns) : base(new KeyToValueMappingTransformer(columns))
    {
    }

    /// <inheritdoc/>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return inputSchema.With([.. Transformer.Pairs.Select(pair => ShapeOf(inputSchema, pair))]);
    }

    private static SchemaShape.Column ShapeOf(SchemaShape schema, (string Output, string Input) pair)
    {
        SchemaShape.Column column = schema.Find(pair.Input, "inputSchema", "input");
        if (!column.IsKey)
            throw Errors.SchemaMismatch("inputSchema", "input", pair.Input, "KeyType", column.TypeText);
        if (!column.Annotations.TryFindColumn(AnnotationKinds.KeyValues, out SchemaShape.Column values))
            throw Errors.Param("inputSchema", $"Input column '{pair.Input}' doesn't contain key values metadata");
        SchemaShape annotations = column.Kind == SchemaShape.Column.VectorKind.Vector
            && column.Annotations.TryFindColumn(AnnotationKinds.SlotNames, out SchemaShape.Column names) ? new([names]) : null;
        return new SchemaShape.Column(pair.Output, column.Kind, values.ItemType, values.IsKey, annotations);
    }
}
