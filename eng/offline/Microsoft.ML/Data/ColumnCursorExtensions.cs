namespace Microsoft.ML.Data;

/// <summary>Reads one column of a view.</summary>
public static class ColumnCursorExtensions
{
    /// <summary>The values of a column, in order, read as they are asked for.</summary>
    public static IEnumerable<T> GetColumn<T>(this IDataView data, string columnName) => GetColumn<T>(data, data.Schema[columnName]);

    /// <summary>
    /// The values of a column, in order, read as they are asked for. <typeparamref name="T"/> is the column's raw type; also string for text,
    /// and an array for a vector.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is not of that view, or not of that type.</exception>
    public static IEnumerable<T> GetColumn<T>(this IDataView data, DataViewSchema.Column column)
    {
        ArgumentNullException.ThrowIfNull(data);
        Errors.CheckNonEmpty(column.Name, nameof(column));
        Errors.CheckParam(column.Index < data.Schema.Count && data.Schema[column.Index].Name == column.Name && data.Schema[column.Index].Type.Equals(column.Type),
            nameof(column), $"column with name {column.Name}, type {column.Type}, and index {column.Index} cannot be found in {nameof(data)}");
        if (column.Type.RawType == typeof(T))
            return Rows<T, T>(data, column, value => value);
        if (column.Type is TextDataViewType && typeof(T) == typeof(string))
            return (IEnumerable<T>)Rows<ReadOnlyMemory<char>, string>(data, column, text => text.ToString());
        if (typeof(T).IsArray && column.Type is VectorDataViewType vector)
        {
            if (typeof(T) == typeof(string[]) && vector.ItemType is TextDataViewType)
            {
                return (IEnumerable<T>)Rows<VBuffer<ReadOnlyMemory<char>>, string[]>(
                    data, column, texts => [.. texts.DenseValues().Select(text => text.ToString())]);
            }
            if (typeof(T).GetElementType() == vector.ItemType.RawType)
                return (IEnumerable<T>)Generic.Call<object>(Arrays<int>, vector.ItemType.RawType, data, column);
        }
        throw Errors.Param(nameof(column), $"Could not map a data view column '{column.Name}' of type {column.Type} to {typeof(T)}.");
    }

    private static object Arrays<T>(IDataView data, DataViewSchema.Column column) => Rows<VBuffer<T>, T[]>(data, column, buffer =>
    {
        var array = new T[buffer.Length];
        buffer.CopyTo(array);
        return array;
    });

    private static IEnumerable<TOut> Rows<TIn, TOut>(IDataView data, DataViewSchema.Column column, Func<TIn, TOut> convert)
    {
        using DataViewRowCursor cursor = data.GetRowCursor([column]);
        ValueGetter<TIn> get = cursor.GetGetter<TIn>(column);
        while (cursor.MoveNext())
        {
            // A fresh buffer each row, so that the caller may keep it.
            TIn value = default;
            get(ref value);
            yield return convert(value);
        }
    }
}
