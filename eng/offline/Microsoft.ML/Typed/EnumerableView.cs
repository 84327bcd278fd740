namespace Microsoft.ML.Data;

/// <summary>A view over user objects; each pass enumerates them anew.</summary>
internal sealed class EnumerableView<TRow>(IEnumerable<TRow> data, TypedColumn[] columns) : IDataView where TRow : class
{
    public bool CanShuffle => false;

    public DataViewSchema Schema { get; } = TypedColumn.SchemaOf(columns);

    public long? GetRowCount() => (data as ICollection<TRow>)?.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(new Row(Schema, columns, columnsNeeded.ToFlags(Schema), data.GetEnumerator()));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Row(DataViewSchema schema, TypedColumn[] columns, bool[] active, IEnumerator<TRow> rows) : TypedRow<TRow>(schema, columns, active)
    {
        private TRow _current;
        private bool _done;
        private long _position = -1;

        public override long Position => _position;

        protected override TRow Current => _current ?? throw new InvalidOperationException(Errors.FetchValueState);

        public bool MoveNext()
        {
            if (_done)
                return false;
            if (!rows.MoveNext())
            {
                Dispose();
                return false;
            }
            _current = rows.Current ?? throw new InvalidOperationException("Encountered null when iterating over data, this is not supported.");
            _position++;
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (_done)
                return;
            _done = true;
            _position = -1;
            _current = null;
            rows.Dispose();
        }
    }

    // A cursor cannot also derive from the typed row, so it wraps one.
    private sealed class Cursor(Row row) : DataViewRowCursor
    {
        public override DataViewSchema Schema => row.Schema;

        public override long Batch => row.Batch;

        public override long Position => row.Position;

        public override bool MoveNext() => row.MoveNext();

        public override bool IsColumnActive(DataViewSchema.Column column) => row.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => row.GetGetter<TValue>(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => row.GetIdGetter();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                row.Dispose();
        }
    }
}
