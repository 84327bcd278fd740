using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Loading, filtering, shuffling, caching and splitting views.</summary>
public sealed partial class DataOperationsCatalog : IInternalCatalog
{
    private readonly IHostEnvironmentInternal _environment;

    internal DataOperationsCatalog(IHostEnvironmentInternal environment) => _environment = environment;

    IHostEnvironment IInternalCatalog.Environment => _environment;

    /// <summary>A view over user objects, one column a public field or readable property. Each pass enumerates them anew.</summary>
    /// <param name="data">The objects.</param>
    /// <param name="schemaDefinition">Names and types; null to take them from the members and their attributes.</param>
    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, SchemaDefinition schemaDefinition = null) where TRow : class
    {
        ArgumentNullException.ThrowIfNull(data);
        return new EnumerableView<TRow>(data, schemaDefinition is null
            ? TypedColumn.Create(typeof(TRow), SchemaDefinition.Direction.Read)
            : TypedColumn.Create(typeof(TRow), schemaDefinition));
    }

    /// <summary>A view over user objects with types and annotations from a schema, whose columns must all be members.</summary>
    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, DataViewSchema schema) where TRow : class
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(schema);
        return LoadFromEnumerable(data, SchemaDefinition.FromSchema(typeof(TRow), schema));
    }

    /// <summary>The rows as user objects. Nothing is read before the first row is asked for.</summary>
    /// <param name="data">The view.</param>
    /// <param name="reuseRowObject">True to fill one object again and again.</param>
    /// <param name="ignoreMissingColumns">True to leave members alone that have no column; otherwise they are an error.</param>
    /// <param name="schemaDefinition">Names and types; null to take them from the members and their attributes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing.</exception>
    public IEnumerable<TRow> CreateEnumerable<TRow>(
        IDataView data, bool reuseRowObject, bool ignoreMissingColumns = false, SchemaDefinition schemaDefinition = null)
        where TRow : class, new()
    {
        ArgumentNullException.ThrowIfNull(data);
        var reader = new TypedReader<TRow>(data.Schema, ignoreMissingColumns, schemaDefinition);
        return Enumerate();

        IEnumerable<TRow> Enumerate()
        {
            using DataViewRowCursor cursor = data.GetRowCursor(reader.Columns);
            Action<TRow> fill = reader.Filler(cursor);
            TRow row = null;
            while (cursor.MoveNext())
            {
                if (!reuseRowObject || row is null)
                    row = new TRow();
                fill(row);
                yield return row;
            }
        }
    }
}
