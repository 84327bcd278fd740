using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Changes the type of the elements of columns.</summary>
public sealed class TypeConvertingEstimator : TrivialEstimator<TypeConvertingTransformer>
{
    internal TypeConvertingEstimator((string Output, string Input)[] columns, DataKind kind) : base(new TypeConvertingTransformer(columns, kind))
    {
    }

    /// <inheritdoc/>
    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return inputSchema.With([.. Transformer.Pairs.Select(pair =>
        {
            SchemaShape.Column column = inputSchema.Find(pair.Input, nameof(inputSchema), "input");
            if (!TypeConversion.Exists(column.ItemType.RawType, Transformer.ItemType.RawType))
                throw Errors.Param(nameof(inputSchema), $"Don't know how to convert {pair.Input} into {Transformer.ItemType}");
            return new SchemaShape.Column(pair.Output, column.Kind, Transformer.ItemType, isKey: false, column.Annotations);
        })]);
    }
}
