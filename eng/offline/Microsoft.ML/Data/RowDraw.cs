namespace Microsoft.ML.Data;

/// <summary>A uniform number in [0, 1) that follows from a seed and a row's identity, or from a seed and a value.</summary>
internal static class RowDraw
{
    public static Func<double> Of(DataViewRow row, DataViewSchema.Column? key, int seed)
    {
        if (key is DataViewSchema.Column column)
            return Generic.Call<Func<double>>(OfKey<int>, column.Type.RawType, row, column, seed);
        ValueGetter<DataViewRowId> getId = row.GetIdGetter();
        DataViewRowId id = default;
        return () =>
        {
            getId(ref id);
            return Uniform(id, seed);
        };
    }

    private static Func<double> OfKey<T>(DataViewRow row, DataViewSchema.Column column, int seed)
    {
        ValueGetter<T> get = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            get(ref value);
            // FNV-1a of the value's text: the same in every process, unlike GetHashCode of strings.
            ulong hash = 14695981039346656037UL;
            foreach (char c in value.ToString())
                hash = (hash ^ c) * 1099511628211UL;
            return Uniform(new DataViewRowId(hash, 0), seed);
        };
    }

    private static double Uniform(DataViewRowId id, int seed) => (id.Combine(new DataViewRowId((uint)seed, 0)).Low >> 11) * (1.0 / (1UL << 53));
}
