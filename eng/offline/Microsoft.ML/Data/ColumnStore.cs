namespace Microsoft.ML.Data;

/// <summary>The values of one column, kept by row.</summary>
internal abstract class ColumnStore
{
    public static ColumnStore For(DataViewSchema.Column column) =>
        column.Type is VectorDataViewType vector
            ? Generic.Call<ColumnStore>(OfVector<int>, vector.ItemType.RawType)
            : Generic.Call<ColumnStore>(OfScalar<int>, column.Type.RawType);

    /// <summary>Ties the store to a row, before the first <see cref="Append"/>.</summary>
    public abstract void Bind(DataViewRow row, DataViewSchema.Column column);

    /// <summary>Keeps the row's present value.</summary>
    public abstract void Append();

    /// <summary>Puts the row's present value in the place of another.</summary>
    public abstract void Replace(int index);

    /// <summary>The getter of the value at a moving index.</summary>
    public abstract Delegate Getter(Func<int> index);

    private static ColumnStore OfScalar<T>() => new Scalars<T>();

    private static ColumnStore OfVector<T>() => new Vectors<T>();

    private sealed class Scalars<T> : ColumnStore
    {
        private readonly List<T> _values = [];
        private ValueGetter<T> _get;

        public override void Bind(DataViewRow row, DataViewSchema.Column column) => _get = row.GetGetter<T>(column);

        public override void Append() => _values.Add(Read());

        public override void Replace(int index) => _values[index] = Read();

        public override Delegate Getter(Func<int> index) => (ValueGetter<T>)((ref T value) => value = _values[index()]);

        private T Read()
        {
            T value = default;
            _get(ref value);
            return value;
        }
    }

    private sealed class Vectors<T> : ColumnStore
    {
        private readonly List<VBuffer<T>> _values = [];
        private ValueGetter<VBuffer<T>> _get;

        public override void Bind(DataViewRow row, DataViewSchema.Column column) => _get = row.GetGetter<VBuffer<T>>(column);

        public override void Append()
        {
            VBuffer<T> value = default;
            _get(ref value);
            _values.Add(value);
        }

        public override void Replace(int index)
        {
            VBuffer<T> value = _values[index];
            _get(ref value);
            _values[index] = value;
        }

        // Copied out, so that a reader who writes into its buffer does not change the store.
        public override Delegate Getter(Func<int> index) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => _values[index()].CopyTo(ref value));
    }
}
