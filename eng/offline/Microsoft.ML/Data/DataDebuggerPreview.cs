using System.Collections.Immutable;

namespace Microsoft.ML.Data;

/// <summary>The first rows of a view, read and kept as objects.</summary>
public sealed class DataDebuggerPreview
{
    internal DataDebuggerPreview(IDataView data, int maxRows)
    {
        Schema = data.Schema;
        var columns = Schema.Select(_ => new List<object>()).ToArray();
        var rows = ImmutableArray.CreateBuilder<RowInfo>();
        using (DataViewRowCursor cursor = data.GetRowCursor(Schema))
        {
            Func<object>[] readers = [.. Schema.Select(column => Generic.Call<Func<object>>(Reader<int>, column.Type.RawType, cursor, column))];
            while (rows.Count < maxRows && cursor.MoveNext())
            {
                object[] values = [.. readers.Select(read => read())];
                for (int i = 0; i < values.Length; i++)
                    columns[i].Add(values[i]);
                rows.Add(new RowInfo([.. values.Select((value, i) => new KeyValuePair<string, object>(Schema[i].Name, value))]));
            }
        }
        RowView = rows.ToImmutable();
        ColumnView = [.. Schema.Select(column => new ColumnInfo(column, [.. columns[column.Index]]))];
    }

    /// <summary>The columns.</summary>
    public DataViewSchema Schema { get; }

    /// <summary>The values by column.</summary>
    public ImmutableArray<ColumnInfo> ColumnView { get; }

    /// <summary>The values by row.</summary>
    public ImmutableArray<RowInfo> RowView { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Schema.Count} columns, {RowView.Length} rows";

    private static Func<object> Reader<T>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<T> get = row.GetGetter<T>(column);
        return () =>
        {
            T value = default;
            get(ref value);
            return value;
        };
    }

    /// <summary>The values of a column.</summary>
    public sealed class ColumnInfo
    {
        internal ColumnInfo(DataViewSchema.Column column, object[] values)
        {
            Column = column;
            Values = values;
        }

        /// <summary>The column.</summary>
        public DataViewSchema.Column Column { get; }

        /// <summary>Its values, one a row.</summary>
        public object[] Values { get; }

        /// <inheritdoc/>
        public override string ToString() => $"{Column.Name}: {Column.Type}";
    }

    /// <summary>The values of a row.</summary>
    public sealed class RowInfo
    {
        internal RowInfo(KeyValuePair<string, object>[] values) => Values = values;

        /// <summary>Column names and values.</summary>
        public KeyValuePair<string, object>[] Values { get; }

        /// <inheritdoc/>
        public override string ToString() => $"{Values.Length} columns";
    }
}
