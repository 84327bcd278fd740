using System.Collections;
using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>
/// What is known of a schema before data is seen: names, item types, vector kinds and annotations, but no sizes.
/// Pipelines check themselves with it before they are fitted.
/// </summary>
public sealed partial class SchemaShape : IReadOnlyList<SchemaShape.Column>
{
    private static readonly SchemaShape s_empty = new([]);

    private readonly Column[] _columns;

    /// <param name="columns">The columns, in order.</param>
    public SchemaShape(IEnumerable<Column> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        _columns = [.. columns];
        Errors.CheckParam(_columns.All(column => column.IsValid), nameof(columns), "Some items are not initialized properly.");
    }

    /// <summary>The number of columns.</summary>
    public int Count => _columns.Length;

    /// <summary>The column at a position.</summary>
    public Column this[int index] => _columns[index];

    /// <inheritdoc/>
    public IEnumerator<Column> GetEnumerator() => ((IEnumerable<Column>)_columns).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal bool TryFindColumn(string name, out Column column)
    {
        column = Array.Find(_columns, candidate => candidate.Name == name);
        return column.IsValid;
    }

    internal Column Find(string name, string parameter, string role) =>
        TryFindColumn(name, out Column column) ? column : throw Errors.MissingColumn(parameter, role, name);

    /// <summary>This shape with columns added; a column of the same name is replaced in place.</summary>
    internal SchemaShape With(params Column[] added)
    {
        var columns = this.ToDictionary(column => column.Name);
        foreach (Column column in added)
            columns[column.Name] = column;
        return new SchemaShape(columns.Values);
    }

    internal static SchemaShape Create(DataViewSchema schema) =>
        new(schema.Where(column => !column.IsHidden).Select(column => ColumnOf(column.Name, column.Type, column.Annotations)));

    internal static Column ColumnOf(string name, DataViewType type, DataViewSchema.Annotations annotations = null)
    {
        Split(type, out Column.VectorKind kind, out DataViewType item, out bool isKey);
        SchemaShape shape = annotations is null || annotations.Schema.Count == 0
            ? null
            : new SchemaShape(annotations.Schema.Select(annotation => ColumnOf(annotation.Name, annotation.Type)));
        return new Column(name, kind, item, isKey, shape);
    }

    internal static void Split(DataViewType type, out Column.VectorKind kind, out DataViewType item, out bool isKey)
    {
        kind = type is VectorDataViewType vector
            ? vector.IsKnownSize ? Column.VectorKind.Vector : Column.VectorKind.VariableVector
            : Column.VectorKind.Scalar;
        item = RawTypes.ItemOf(type);
        isKey = item is KeyDataViewType;
        if (isKey)
            item = RawTypes.PrimitiveOrNull(item.RawType);
    }
}
