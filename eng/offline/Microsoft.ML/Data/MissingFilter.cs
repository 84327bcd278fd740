namespace Microsoft.ML.Data;

/// <summary>Tests rows for missing values.</summary>
internal static class MissingFilter
{
    /// <summary>The test that no element of a column is missing.</summary>
    public static Func<bool> HasNone(DataViewRow row, DataViewSchema.Column column)
    {
        DataViewType item = RawTypes.ItemOf(column.Type);
        if (item is not KeyDataViewType && !item.Equals(NumberDataViewType.Single) && !item.Equals(NumberDataViewType.Double))
            throw Errors.Param("columns", $"Column '{column.Name}' has type {column.Type} which does not support missing values, so we cannot filter on them");
        return Generic.Call<Func<bool>>(Test<int>, item.RawType, row, column);
    }

    private static Func<bool> Test<T>(DataViewRow row, DataViewSchema.Column column)
    {
        Predicate<T> isMissing = Missing.Test<T>(RawTypes.ItemOf(column.Type));
        if (column.Type is VectorDataViewType)
        {
            ValueGetter<VBuffer<T>> getVector = row.GetGetter<VBuffer<T>>(column);
            VBuffer<T> vector = default;
            return () =>
            {
                getVector(ref vector);
                return !vector.DenseValues().Any(value => isMissing(value));
            };
        }
        ValueGetter<T> get = row.GetGetter<T>(column);
        T scalar = default;
        return () =>
        {
            get(ref scalar);
            return !isMissing(scalar);
        };
    }
}
