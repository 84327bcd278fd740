namespace Microsoft.ML.Data;

/// <summary>Keeps rows by a number: a Single or Double as it is, a key as (key - 0.5) / count.</summary>
internal static class RangeFilter
{
    public static IDataView Create(IDataView input, DataViewSchema.Column column, Predicate<double> keep)
    {
        if (column.Type is not KeyDataViewType && !column.Type.Equals(NumberDataViewType.Single) && !column.Type.Equals(NumberDataViewType.Double))
            throw Errors.Param("Column", $"Column '{column.Name}' does not have compatible type");
        return new FilteredView(input, [column], row => Test(row, column, keep));
    }

    private static Func<bool> Test(DataViewRow row, DataViewSchema.Column column, Predicate<double> keep)
    {
        if (column.Type is KeyDataViewType key)
        {
            ValueGetter<ulong> getKey = KeyValues.Raw(row, column);
            ulong raw = 0;
            return () =>
            {
                getKey(ref raw);
                return raw != 0 && raw <= key.Count && keep((raw - 0.5) / key.Count);
            };
        }
        if (column.Type.Equals(NumberDataViewType.Double))
        {
            ValueGetter<double> getDouble = row.GetGetter<double>(column);
            double number = 0;
            return () =>
            {
                getDouble(ref number);
                return keep(number);
            };
        }
        ValueGetter<float> getSingle = row.GetGetter<float>(column);
        float single = 0;
        return () =>
        {
            getSingle(ref single);
            return keep(single);
        };
    }
}
