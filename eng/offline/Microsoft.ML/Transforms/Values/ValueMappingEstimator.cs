using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Looks values up in a table.</summary>
public class ValueMappingEstimator : TrivialEstimator<ValueMappingTransformer>
{
    private protected ValueMappingEstimator(LookupMap map, string output, string input) : base(new ValueMappingTransformer(map, output, input))
    {
    }

    /// <inheritdoc/>
    public sealed override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        (string output, string input) = Transformer.Pair;
        SchemaShape.Column column = inputSchema.Find(input, nameof(inputSchema), "input");
        bool isKey = Transformer.Map.ValueType is KeyDataViewType;
        SchemaShape annotations = SchemaShape.Create(Transformer.Map.Annotations.Schema);
        return inputSchema.With(new SchemaShape.Column(output, column.Kind, isKey ? NumberDataViewType.UInt32 : Transformer.Map.ValueType, isKey, annotations));
    }
}
