using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>One type of label value: text, or one of the number types. Values travel as <see cref="string"/> or as the boxed number.</summary>
internal abstract class LabelKind
{
    private static readonly LabelKind[] s_all =
    [
        new TextLabels(),
        new NumberLabels<sbyte>(NumberDataViewType.SByte), new NumberLabels<byte>(NumberDataViewType.Byte),
        new NumberLabels<short>(NumberDataViewType.Int16), new NumberLabels<ushort>(NumberDataViewType.UInt16),
        new NumberLabels<int>(NumberDataViewType.Int32), new NumberLabels<uint>(NumberDataViewType.UInt32),
        new NumberLabels<long>(NumberDataViewType.Int64), new NumberLabels<ulong>(NumberDataViewType.UInt64),
        new NumberLabels<float>(NumberDataViewType.Single), new NumberLabels<double>(NumberDataViewType.Double),
    ];

    /// <summary>The identity of keys that come without key values: their 1-based number.</summary>
    public static LabelKind KeyNumber { get; } = For(NumberDataViewType.UInt32)!;

    /// <summary>The name in saved states and messages, such as <c>Text</c> or <c>Int32</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The type of a column of such values.</summary>
    public abstract PrimitiveDataViewType Type { get; }

    /// <summary>The kind of a column type, or null when labels cannot have it.</summary>
    public static LabelKind? For(DataViewType type) => s_all.FirstOrDefault(kind => kind.Type.Equals(type));

    /// <summary>The kind of this name, or null.</summary>
    public static LabelKind? Named(string? name) => s_all.FirstOrDefault(kind => kind.Name == name);

    /// <summary>The kind of a value given by a user, or null.</summary>
    public static LabelKind? ForValue(object value) => s_all.FirstOrDefault(kind => kind.Accepts(value));

    /// <summary>Whether a value given by a user is of this kind.</summary>
    public abstract bool Accepts(object value);

    /// <summary>The value as it is stored; null when it means "missing" (empty text, NaN).</summary>
    public abstract object? Normalize(object value);

    /// <summary>Text that <see cref="Parse"/> turns back into the equal value.</summary>
    public abstract string Format(object value);

    /// <summary>The value of a text written by <see cref="Format"/>, or null when it is none.</summary>
    public abstract object? Parse(string text);

    /// <summary>The order of label values: ordinal for text, by size for numbers.</summary>
    public abstract int Compare(object left, object right);

    /// <summary>Reads a column of such values row by row; null is a missing value.</summary>
    public abstract Func<object?> Bind(DataViewRow row, DataViewSchema.Column column);

    /// <summary>Reads a vector annotation of such values; null entries are missing values.</summary>
    public abstract object?[] ReadAnnotation(DataViewSchema.Column column, string annotation);

    /// <summary>Writes a vector annotation of such values.</summary>
    public abstract void AddAnnotation(DataViewSchema.Annotations.Builder builder, string annotation, IReadOnlyList<object> values);

    /// <summary>A view of one column <c>Value</c> with the values as rows.</summary>
    public abstract IDataView ToDataView(MLContext mlContext, IReadOnlyList<object> values);

    private abstract class Typed<T> : LabelKind
    {
        protected abstract object? ToValue(T item);

        protected abstract T ToItem(object value);

        public override Func<object?> Bind(DataViewRow row, DataViewSchema.Column column)
        {
            ValueGetter<T> getter = row.GetGetter<T>(column);
            return () =>
            {
                T item = default!;
                getter(ref item);
                return ToValue(item);
            };
        }

        public override object?[] ReadAnnotation(DataViewSchema.Column column, string annotation)
        {
            VBuffer<T> buffer = default;
            column.Annotations.GetValue(annotation, ref buffer);
            return [.. buffer.DenseValues().Select(ToValue)];
        }

        public override void AddAnnotation(DataViewSchema.Annotations.Builder builder, string annotation, IReadOnlyList<object> values)
        {
            T[] items = [.. values.Select(ToItem)];
            ValueGetter<VBuffer<T>> getter = (ref VBuffer<T> destination) => new VBuffer<T>(items.Length, items).CopyTo(ref destination);
            builder.Add(annotation, new VectorDataViewType(Type, items.Length), getter);
        }

        public override IDataView ToDataView(MLContext mlContext, IReadOnlyList<object> values) =>
            mlContext.Data.LoadFromEnumerable(values.Select(value => new LabelRow<T> { Value = ToItem(value) }).ToArray());
    }

    private sealed class TextLabels : Typed<ReadOnlyMemory<char>>
    {
        public override string Name => "Text";

        public override PrimitiveDataViewType Type => TextDataViewType.Instance;

        public override bool Accepts(object value) => value is string or ReadOnlyMemory<char>;

        public override object? Normalize(object value) => value.ToString() is { Length: > 0 } text ? text : null;

        public override string Format(object value) => (string)value;

        public override object? Parse(string text) => text.Length > 0 ? text : null;

        public override int Compare(object left, object right) => string.CompareOrdinal((string)left, (string)right);

        protected override object? ToValue(ReadOnlyMemory<char> item) => item.IsEmpty ? null : item.ToString();

        protected override ReadOnlyMemory<char> ToItem(object value) => ((string)value).AsMemory();
    }

    private sealed class NumberLabels<T>(PrimitiveDataViewType type) : Typed<T> where T : struct, INumber<T>
    {
        public override string Name => typeof(T).Name;

        public override PrimitiveDataViewType Type => type;

        public override bool Accepts(object value) => value is T;

        public override object? Normalize(object value) => ToValue((T)value);

        public override string Format(object value) => ((T)value).ToString(null, CultureInfo.InvariantCulture);

        public override object? Parse(string text) => T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T value) ? ToValue(value) : null;

        public override int Compare(object left, object right) => ((T)left).CompareTo((T)right);

        protected override object? ToValue(T item) => T.IsNaN(item) ? null : item;

        protected override T ToItem(object value) => (T)value;
    }
}
