namespace Microsoft.ML.Continual.Tasks;

/// <summary>The rows of a view whose label is one of some classes. Lazy: each cursor filters the source's cursor and copies nothing.</summary>
internal sealed class ClassFilterView : IDataView
{
    private readonly IDataView _source;
    private readonly LabelColumn _labels;
    private readonly HashSet<object> _classes;

    /// <summary>Filters a view by label values, or by the values of another column that could be a label.</summary>
    /// <exception cref="ArgumentException">There is no such column, or it cannot be a label.</exception>
    public ClassFilterView(IDataView source, string labelColumnName, IEnumerable<object> classes, string role = "label")
    {
        _source = source;
        _labels = LabelColumn.Create(source.Schema, labelColumnName, role: role);
        _classes = [.. classes];
    }

    public bool CanShuffle => _source.CanShuffle;

    public DataViewSchema Schema => _source.Schema;

    public long? GetRowCount() => null;   // unknown before a pass

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] wanted = [.. columnsNeeded];
        return new Cursor(_source.GetRowCursor(WithLabel(wanted), rand), wanted, _labels, _classes);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        DataViewSchema.Column[] wanted = [.. columnsNeeded];
        return [.. _source.GetRowCursorSet(WithLabel(wanted), n, rand).Select(cursor => new Cursor(cursor, wanted, _labels, _classes))];
    }

    private DataViewSchema.Column[] WithLabel(DataViewSchema.Column[] wanted) =>
        wanted.Any(column => column.Index == _labels.Column.Index) ? wanted : [.. wanted, _labels.Column];

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly DataViewRowCursor _source;
        private readonly HashSet<int> _active;
        private readonly Func<long, object?> _label;
        private readonly HashSet<object> _classes;
        private long _position = -1;

        public Cursor(DataViewRowCursor source, DataViewSchema.Column[] wanted, LabelColumn labels, HashSet<object> classes)
        {
            _source = source;
            _active = [.. wanted.Select(column => column.Index)];
            _label = labels.Bind(source);
            _classes = classes;
        }

        public override DataViewSchema Schema => _source.Schema;

        public override long Position => _position;

        public override long Batch => _source.Batch;

        public override bool MoveNext()
        {
            while (_source.MoveNext())
            {
                if (_label(_source.Position) is { } label && _classes.Contains(label))
                {
                    _position++;
                    return true;
                }
            }
            _position = -1;
            return false;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => IsColumnActive(column)
            ? _source.GetGetter<TValue>(column)
            : throw new ArgumentException($"The column '{column.Name}' was not asked for when the cursor was made.", nameof(column));

        public override ValueGetter<Microsoft.ML.Data.DataViewRowId> GetIdGetter() => _source.GetIdGetter();

        protected override void Dispose(bool disposing)
        {
            if (disposing) _source.Dispose();
            base.Dispose(disposing);
        }
    }
}
