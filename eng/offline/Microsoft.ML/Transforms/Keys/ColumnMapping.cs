namespace Microsoft.ML.Data;

/// <summary>Getters that map each element of a scalar or vector column.</summary>
internal static class ColumnMapping
{
    /// <summary>The getter of <paramref name="map"/> over a column; a vector comes out dense.</summary>
    public static Delegate Getter<TIn, TOut>(DataViewRow row, DataViewSchema.Column column, Func<TIn, TOut> map)
    {
        if (column.Type is not VectorDataViewType)
        {
            ValueGetter<TIn> get = row.GetGetter<TIn>(column);
            TIn source = default;
            return (ValueGetter<TOut>)((ref TOut value) =>
            {
                get(ref source);
                value = map(source);
            });
        }
        ValueGetter<VBuffer<TIn>> getVector = row.GetGetter<VBuffer<TIn>>(column);
        VBuffer<TIn> buffer = default;
        return (ValueGetter<VBuffer<TOut>>)((ref VBuffer<TOut> value) =>
        {
            getVector(ref buffer);
            VBufferEditor<TOut> editor = VBufferEditor.Create(ref value, buffer.Length);
            int slot = 0;
            foreach (TIn item in buffer.DenseValues())
                editor.Values[slot++] = map(item);
            value = editor.Commit();
        });
    }

    /// <summary>The type of the mapped column: the shape of the input, the item type of the output.</summary>
    public static DataViewType TypeOf(DataViewType input, PrimitiveDataViewType item) =>
        input is VectorDataViewType vector ? new VectorDataViewType(item, vector.Dimensions) : item;

    /// <summary>The values of a column, element by element.</summary>
    public static IEnumerable<T> Items<T>(IDataView data, DataViewSchema.Column column) =>
        column.Type is VectorDataViewType
            ? data.GetColumn<VBuffer<T>>(column).SelectMany(buffer => buffer.DenseValues())
            : data.GetColumn<T>(column);
}
