using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Fills columns by an action on user objects, row by row. The action must be thread-safe and free of side effects.</summary>
public sealed class CustomMappingEstimator<TSrc, TDst> : TrivialEstimator<CustomMappingTransformer<TSrc, TDst>>
    where TSrc : class, new()
    where TDst : class, new()
{
    internal CustomMappingEstimator(Action<TSrc, TDst> map, string contract, SchemaDefinition inputDefinition, SchemaDefinition outputDefinition)
        : base(new CustomMappingTransformer<TSrc, TDst>(map, contract, inputDefinition, outputDefinition))
    {
    }

    /// <inheritdoc/>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        foreach (TypedColumn member in Transformer.InputMembers)
        {
            SchemaShape.Column column = inputSchema.Find(member.Name, nameof(inputSchema), "input");
            SchemaShape.Split(member.Type, out SchemaShape.Column.VectorKind kind, out DataViewType item, out bool isKey);
            // A member of varying size takes vectors of known size as well.
            bool kindFits = kind == column.Kind
                || (kind == SchemaShape.Column.VectorKind.VariableVector && column.Kind == SchemaShape.Column.VectorKind.Vector);
            if (!kindFits || isKey != column.IsKey || !item.Equals(column.ItemType))
                throw Errors.SchemaMismatch(nameof(inputSchema), "input", member.Name, member.Type.ToString(), column.TypeText);
        }
        return inputSchema.With([.. SchemaShape.Create(TypedColumn.SchemaOf(Transformer.OutputMembers))]);
    }
}
