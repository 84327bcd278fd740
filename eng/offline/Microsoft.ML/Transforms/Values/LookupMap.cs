namespace Microsoft.ML.Data;

/// <summary>A table from values of one type to values of another.</summary>
internal abstract class LookupMap
{
    public abstract PrimitiveDataViewType KeyType { get; }

    public abstract PrimitiveDataViewType ValueType { get; }

    public DataViewSchema.Annotations Annotations { get; private set; } = DataViewSchema.Annotations.Empty;

    public static LookupMap Create<TKey, TValue>(IEnumerable<KeyValuePair<TKey, TValue>> pairs, bool asKeys)
    {
        KeyValuePair<TKey, TValue>[] rows = [.. pairs];
        PrimitiveDataViewType keyType = Primitive(typeof(TKey));
        PrimitiveDataViewType valueType = Primitive(typeof(TValue));
        Array keys = Raw([.. rows.Select(row => row.Key)]);
        if (!asKeys)
            return Build(keyType, valueType, keys, Raw([.. rows.Select(row => row.Value)]));
        TValue[] distinct = [.. rows.Select(row => row.Value).Distinct()];
        var key = new KeyDataViewType(valueType.RawType == typeof(ulong) ? typeof(ulong) : typeof(uint), Math.Max(1, distinct.Length));
        // uint and ulong values are the raw keys themselves; others are numbered from 1.
        Array raw = valueType.RawType == typeof(uint) || valueType.RawType == typeof(ulong)
            ? Raw([.. rows.Select(row => row.Value)])
            : rows.Select(row => (uint)(Array.IndexOf(distinct, row.Value) + 1)).ToArray();
        LookupMap map = Build(keyType, key, keys, raw);
        var names = new VBuffer<ReadOnlyMemory<char>>(distinct.Length, [.. distinct.Select(value => value.ToString().AsMemory())]);
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(AnnotationKinds.KeyValues, new VectorDataViewType(TextDataViewType.Instance, distinct.Length),
            (ref VBuffer<ReadOnlyMemory<char>> value) => names.CopyTo(ref value));
        map.Annotations = builder.ToAnnotations();
        return map;
    }

    public abstract (Array Keys, Array Values) Entries { get; }

    /// <summary>The table of two lists of raw values.</summary>
    public static LookupMap Restore(Array keys, Array values) =>
        Build(Primitive(keys.GetType().GetElementType()), Primitive(values.GetType().GetElementType()), keys, values);

    public abstract Delegate Getter(DataViewRow row, DataViewSchema.Column column);

    private static PrimitiveDataViewType Primitive(Type type) =>
        RawTypes.PrimitiveOrNull(type) ?? throw new InvalidOperationException($"Unsupported type {type} used in mapping.");

    private static Array Raw<T>(T[] values) =>
        values is string[] texts ? texts.Select(text => text.AsMemory()).ToArray() : values;

    private static LookupMap Build(PrimitiveDataViewType keyType, PrimitiveDataViewType valueType, Array keys, Array values) =>
        (LookupMap)Activator.CreateInstance(typeof(Of<,>).MakeGenericType(keyType.RawType, valueType.RawType), keyType, valueType, keys, values);

    private sealed class Of<TKey, TValue> : LookupMap
    {
        private readonly Dictionary<TKey, TValue> _map = new(ValueComparer.Equality<TKey>());

        public Of(PrimitiveDataViewType keyType, PrimitiveDataViewType valueType, TKey[] keys, TValue[] values)
        {
            KeyType = keyType;
            ValueType = valueType;
            for (int i = 0; i < keys.Length; i++)
            {
                if (!_map.TryAdd(keys[i], values[i]))
                    throw new InvalidOperationException($"Duplicate keys in data '{keys[i]}'");
            }
        }

        public override (Array Keys, Array Values) Entries => (_map.Keys.ToArray(), _map.Values.ToArray());

        public override PrimitiveDataViewType KeyType { get; }

        public override PrimitiveDataViewType ValueType { get; }

        public override Delegate Getter(DataViewRow row, DataViewSchema.Column column) =>
            ColumnMapping.Getter<TKey, TValue>(row, column, key => _map.GetValueOrDefault(key));
    }
}
