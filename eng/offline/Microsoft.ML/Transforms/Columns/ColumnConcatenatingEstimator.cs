using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Joins scalars and vectors of one type into a vector.</summary>
public sealed class ColumnConcatenatingEstimator : IEstimator<ColumnConcatenatingTransformer>
{
    private readonly string _output;
    private readonly string[] _inputs;

    internal ColumnConcatenatingEstimator(string output, string[] inputs)
    {
        Errors.CheckNonEmpty(output, "outputColumnName");
        ArgumentNullException.ThrowIfNull(inputs, "inputColumnNames");
        Errors.CheckParam(!inputs.Any(string.IsNullOrEmpty), "inputColumnNames", "Contained some null or empty items");
        Errors.CheckParam(inputs.Length > 0, "inputColumnNames", "Input columns not specified");
        _output = output;
        _inputs = inputs;
    }

    /// <inheritdoc/>
    public ColumnConcatenatingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ColumnConcatenatingTransformer(_output, _inputs);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SchemaShape.Column[] columns = [.. _inputs.Select(name => inputSchema.Find(name, nameof(inputSchema), "input"))];
        foreach (SchemaShape.Column column in columns)
        {
            Errors.Check(!column.IsKey, $"Column '{column.Name}' is key. Concatenation of keys is unsupported.");
            Errors.Check(column.ItemType.Equals(columns[0].ItemType),
                $"Concatenated columns should have the same type. Column '{column.Name}' has type of {column.ItemType}, but expected column type is {columns[0].ItemType}.");
        }
        var annotations = new List<SchemaShape.Column>();
        if (Array.TrueForAll(columns, column => column.Annotations.TryFindColumn(AnnotationKinds.IsNormalized, out _)))
            annotations.Add(new(AnnotationKinds.IsNormalized, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance, isKey: false));
        if (columns.Any(column => column.Kind == SchemaShape.Column.VectorKind.Scalar || column.Annotations.TryFindColumn(AnnotationKinds.SlotNames, out _)))
            annotations.Add(new(AnnotationKinds.SlotNames, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, isKey: false));
        SchemaShape.Column.VectorKind kind = columns.Any(column => column.Kind == SchemaShape.Column.VectorKind.VariableVector)
            ? SchemaShape.Column.VectorKind.VariableVector
            : SchemaShape.Column.VectorKind.Vector;
        return inputSchema.With(new SchemaShape.Column(_output, kind, columns[0].ItemType, isKey: false, new SchemaShape(annotations)));
    }
}
