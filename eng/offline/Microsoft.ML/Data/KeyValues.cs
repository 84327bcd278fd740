namespace Microsoft.ML.Data;

/// <summary>Reads keys of any unsigned type.</summary>
internal static class KeyValues
{
    /// <summary>The raw, 1-based value as ulong.</summary>
    public static ValueGetter<ulong> Raw(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type.RawType == typeof(uint))
            return Widen<uint>(row, column, v => v);
        if (column.Type.RawType == typeof(ulong))
            return row.GetGetter<ulong>(column);
        return column.Type.RawType == typeof(ushort) ? Widen<ushort>(row, column, v => v) : Widen<byte>(row, column, v => v);
    }

    /// <summary>A label as a number: a key 0-based with NaN for missing, a Single as it is.</summary>
    public static ValueGetter<float> AsNumber(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is not KeyDataViewType)
            return row.GetGetter<float>(column);
        ValueGetter<ulong> raw = Raw(row, column);
        return (ref float value) =>
        {
            ulong key = 0;
            raw(ref key);
            value = key == 0 ? float.NaN : key - 1;
        };
    }

    private static ValueGetter<ulong> Widen<T>(DataViewRow row, DataViewSchema.Column column, Func<T, ulong> widen)
    {
        ValueGetter<T> get = row.GetGetter<T>(column);
        return (ref ulong value) =>
        {
            T key = default;
            get(ref key);
            value = widen(key);
        };
    }
}
