using System.Globalization;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.Data;

/// <summary>The values that keys stand for: slot k - 1 is what the key k means.</summary>
internal abstract class KeyTable
{
    public abstract PrimitiveDataViewType ItemType { get; }

    public abstract int Count { get; }

    /// <summary>The type of the keys; a table without values still has one key.</summary>
    public KeyDataViewType KeyType => new(typeof(uint), (ulong)Math.Max(1, Count));

    public static KeyTable Train(IDataView data, DataViewSchema.Column column, PrimitiveDataViewType item, int maximum, ValueToKeyMappingEstimator.KeyOrdinality order) =>
        Generic.Call<KeyTable>(TrainCore<int>, item.RawType, data, column, item, maximum, order);

    /// <summary>The values, in the order of their keys.</summary>
    public abstract Array Values { get; }

    /// <summary>The table of a list of raw values.</summary>
    public static KeyTable Restore(Array values) => Generic.Call<KeyTable>(RestoreCore<int>, values.GetType().GetElementType(), values);

    private static KeyTable RestoreCore<T>(Array values) => new Of<T>(RawTypes.PrimitiveOrNull(typeof(T)), (T[])values);

    /// <summary>The getter of the keys of a column's values.</summary>
    public abstract Delegate Getter(DataViewRow row, DataViewSchema.Column column);

    /// <summary>Adds the KeyValues annotation, where there are values.</summary>
    public abstract void Annotate(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column source, bool asText);

    private static KeyTable TrainCore<T>(IDataView data, DataViewSchema.Column column, PrimitiveDataViewType item, int maximum, ValueToKeyMappingEstimator.KeyOrdinality order)
    {
        Predicate<T> isMissing = Missing.Test<T>(item);
        var seen = new HashSet<T>(ValueComparer.Equality<T>());
        var values = new List<T>();
        foreach (T value in ColumnMapping.Items<T>(data, column))
        {
            if (values.Count == maximum)
                break;
            if (!isMissing(value) && seen.Add(value))
                values.Add(value);
        }
        if (order == ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            values.Sort(ValueComparer.Order<T>());
        return new Of<T>(item, [.. values]);
    }

    private sealed class Of<T> : KeyTable
    {
        private readonly T[] _values;
        private readonly Dictionary<T, uint> _keys = new(ValueComparer.Equality<T>());

        public Of(PrimitiveDataViewType item, T[] values)
        {
            ItemType = item;
            _values = values;
            for (int i = 0; i < values.Length; i++)
                _keys[values[i]] = (uint)(i + 1);
        }

        public override PrimitiveDataViewType ItemType { get; }

        public override Array Values => ItemType is KeyDataViewType ? throw Errors.CannotSave("ValueToKey of keys") : _values;

        public override int Count => _values.Length;

        public override Delegate Getter(DataViewRow row, DataViewSchema.Column column) => ColumnMapping.Getter<T, uint>(row, column, value => _keys.GetValueOrDefault(value));

        public override void Annotate(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column source, bool asText)
        {
            if (Count == 0)
                return;
            DataViewType sourceValues = source.Annotations.Schema.GetColumnOrNull(AnnotationKinds.KeyValues)?.Type;
            // Keys of keys mean what the keys meant.
            if (ItemType is KeyDataViewType key && sourceValues is VectorDataViewType vector && (ulong)vector.Size == key.Count)
                Generic.Call<object>(TakeOver<int>, vector.ItemType.RawType, builder, source, vector.ItemType, asText);
            else
                AddValues(builder, ItemType, _values, asText);
        }

        private object TakeOver<TValue>(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column source, PrimitiveDataViewType item, bool asText)
        {
            VBuffer<TValue> all = default;
            source.GetKeyValues(ref all);
            AddValues(builder, item, [.. _values.Select(key => all.GetItemOrDefault((int)(Convert.ToUInt64(key, CultureInfo.InvariantCulture) - 1)))], asText);
            return null;
        }

        private static void AddValues<TValue>(DataViewSchema.Annotations.Builder builder, PrimitiveDataViewType item, TValue[] values, bool asText)
        {
            if (asText && item is not TextDataViewType)
            {
                AddValues<ReadOnlyMemory<char>>(builder, TextDataViewType.Instance, [.. values.Select(value => TextOf(value).AsMemory())], asText: false);
                return;
            }
            var buffer = new VBuffer<TValue>(values.Length, values);
            builder.Add(AnnotationKinds.KeyValues, new VectorDataViewType(item, values.Length), (ref VBuffer<TValue> value) => buffer.CopyTo(ref value));
        }

        private static string TextOf<TValue>(TValue value) => value switch
        {
            bool flag => flag ? "1" : "0",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString(),
        };
    }
}
