using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>The rows of several views, one view after another. Lazy: a cursor opens one view's cursor at a time and copies nothing.</summary>
/// <remarks>
/// It has the visible columns that every view has, in the first view's order. Keys are joined by their values. Vectors of keys, whose numbers may mean something else in each view, are left out.
/// </remarks>
internal sealed class JoinedView : IDataView
{
    private readonly IDataView[] _views;
    private readonly JoinedColumn[] _columns;   // by index

    /// <param name="views">At least one.</param>
    /// <param name="names">What messages call them.</param>
    /// <exception cref="ArgumentException">A column is of different types in two views, or there is none that all have.</exception>
    public JoinedView(IReadOnlyList<IDataView> views, IReadOnlyList<string> names)
    {
        _views = [.. views];
        _columns =
        [
            .. from column in views[0].Schema
               where !column.IsHidden && !IsVectorOfKeys(column) && views.All(v => v.Schema.GetColumnOrNull(column.Name) is not null)
               select JoinedColumn.Create([.. views.Select(v => v.Schema[column.Name])], names),
        ];
        if (_columns.Length == 0) throw new ArgumentException($"There is no column that all of {string.Join(", ", names.Select(n => $"'{n}'"))} have.");
        var builder = new DataViewSchema.Builder();
        foreach (JoinedColumn column in _columns) builder.AddColumn(column.Name, column.Type, column.Annotations);
        Schema = builder.ToSchema();
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => _views.Select(v => v.GetRowCount()).Aggregate((long?)0, (sum, count) => sum + count);

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this, [.. columnsNeeded.Select(column => column.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private static bool IsVectorOfKeys(DataViewSchema.Column column) => column.Type is VectorDataViewType { ItemType: KeyDataViewType };

    private sealed class Cursor(JoinedView joined, HashSet<int> active) : DataViewRowCursor
    {
        private DataViewRowCursor? _cursor;   // of the present view
        private int _view = -1;
        private long _position = -1;
        private bool _ended;

        public override DataViewSchema Schema => joined.Schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            while (!_ended)
            {
                if (_cursor is not null && _cursor.MoveNext())
                {
                    _position++;
                    return true;
                }
                _cursor?.Dispose();
                _cursor = null;
                if (++_view == joined._views.Length) _ended = true;
                else _cursor = joined._views[_view].GetRowCursor(active.Select(index => joined._columns[index].In(_view)));
            }
            _position = -1;
            return false;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column)) throw new ArgumentException($"The column '{column.Name}' was not asked for when the cursor was made.", nameof(column));
            if (column.Type.RawType != typeof(TValue)) throw new InvalidOperationException($"The column '{column.Name}' holds {column.Type.RawType}; a getter of {typeof(TValue)} was asked for.");
            JoinedColumn source = joined._columns[column.Index];
            return OfView(row => source.Bind<TValue>(row, _view));
        }

        // Rows of two views may have the same id.
        public override ValueGetter<DataViewRowId> GetIdGetter()
        {
            ValueGetter<DataViewRowId> source = OfView(row => row.GetIdGetter());
            return (ref DataViewRowId id) =>
            {
                source(ref id);
                id = id.Combine(new DataViewRowId((ulong)_view, 0));
            };
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _cursor?.Dispose();
                (_cursor, _ended, _position) = (null, true, -1);
            }
            base.Dispose(disposing);
        }

        /// <summary>A getter that is bound anew when the cursor comes to another view.</summary>
        private ValueGetter<T> OfView<T>(Func<DataViewRowCursor, ValueGetter<T>> bind)
        {
            ValueGetter<T>? getter = null;
            int bound = -1;
            return (ref T value) =>
            {
                DataViewRowCursor row = _cursor ?? throw new InvalidOperationException("The cursor stands on no row: call MoveNext first.");
                if (bound != _view) (getter, bound) = (bind(row), _view);
                getter!(ref value);
            };
        }
    }
}
