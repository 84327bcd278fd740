using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Numbers the values of columns: the first is key 1.</summary>
public sealed class ValueToKeyMappingEstimator : IEstimator<ValueToKeyMappingTransformer>
{
    private readonly (string Output, string Input)[] _columns;
    private readonly int _maximum;
    private readonly KeyOrdinality _order;
    private readonly bool _asText;
    private readonly IDataView _keyData;

    internal ValueToKeyMappingEstimator((string Output, string Input)[] columns, int maximum, KeyOrdinality order, bool asText, IDataView keyData)
    {
        Errors.CheckParam(Enum.IsDefined(order), "keyOrdinality", "Undefined sorting criteria.");
        Errors.CheckParam(maximum > 0, "maximumNumberOfKeys", "Must be positive.");
        if (keyData is not null && keyData.Schema.Count(column => !column.IsHidden) != 1)
        {
            throw Errors.Param(nameof(keyData),
                $"If specified, this data view should contain only a single column containing the terms to map, but this had {keyData.Schema.Count(column => !column.IsHidden)} columns.");
        }
        _columns = columns;
        _maximum = maximum;
        _order = order;
        _asText = asText;
        _keyData = keyData;
    }

    /// <summary>Reads the values of all columns in one pass, or those of the key data.</summary>
    public ValueToKeyMappingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        KeyTable[] tables = [.. _columns.Select(pair => Train(input, input.Schema.Find(pair.Input, nameof(input), "input")))];
        return new ValueToKeyMappingTransformer(_columns, tables, _asText);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return inputSchema.With([.. _columns.Select(pair => ShapeOf(inputSchema, pair))]);
    }

    private SchemaShape.Column ShapeOf(SchemaShape schema, (string Output, string Input) pair)
    {
        SchemaShape.Column column = schema.Find(pair.Input, "inputSchema", "input");
        if (column.ItemType is not PrimitiveDataViewType)
            throw Errors.SchemaMismatch("inputSchema", "input", pair.Input, "standard type or a vector of standard type", column.TypeText);
        bool takesOver = column.Annotations.TryFindColumn(AnnotationKinds.KeyValues, out SchemaShape.Column values)
            && column.IsKey && values.Kind == SchemaShape.Column.VectorKind.Vector;
        if (!takesOver)
        {
            values = new(AnnotationKinds.KeyValues, SchemaShape.Column.VectorKind.Vector,
                _asText ? TextDataViewType.Instance : column.ItemType, isKey: column.IsKey && !_asText);
        }
        SchemaShape.Column[] annotations = column.Annotations.TryFindColumn(AnnotationKinds.SlotNames, out SchemaShape.Column names) ? [names, values] : [values];
        return new SchemaShape.Column(pair.Output, column.Kind, NumberDataViewType.UInt32, isKey: true, new SchemaShape(annotations));
    }

    private KeyTable Train(IDataView data, DataViewSchema.Column column)
    {
        if (RawTypes.ItemOf(column.Type) is not PrimitiveDataViewType item)
            throw Errors.SchemaMismatch("inputSchema", "input", column.Name, "standard type or a vector of standard type", column.Type.ToString());
        if (_keyData is null)
            return KeyTable.Train(data, column, item, _maximum, _order);
        DataViewSchema.Column keys = _keyData.Schema.Single(candidate => !candidate.IsHidden);
        Errors.CheckParam(keys.Type.Equals(item), "keyData", $"Input data's column must be of type '{item}' but was '{keys.Type}'");
        // The limit is for fitted data; key data count in full.
        return KeyTable.Train(_keyData, keys, item, int.MaxValue, _order);
    }

    /// <summary>The order of the keys.</summary>
    public enum KeyOrdinality : byte
    {
        /// <summary>As the values first occur.</summary>
        ByOccurrence = 0,

        /// <summary>As the values sort: numbers by size, text by ordinal characters.</summary>
        ByValue = 1,
    }
}
