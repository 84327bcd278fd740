using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tests.Tasks;

/// <summary>A view that can be read once, as a socket can: it throws when a second cursor is opened, or a value of a row is read twice.</summary>
internal sealed class OnceView(IDataView source) : IDataView
{
    private bool _opened;

    /// <summary>The rows that the cursor has moved to.</summary>
    public int RowsRead { get; private set; }

    /// <summary>Whether the cursor was disposed.</summary>
    public bool IsClosed { get; private set; }

    public DataViewSchema Schema => source.Schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        if (_opened) throw new AssertionException("A second cursor was opened.");
        _opened = true;
        return new Cursor(this, source.GetRowCursor(columnsNeeded));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    /// <summary>What the view objects to.</summary>
    internal sealed class AssertionException(string message) : Exception(message);

    private sealed class Cursor(OnceView view, DataViewRowCursor source) : DataViewRowCursor
    {
        private readonly HashSet<(long Row, int Column)> _read = [];

        public override DataViewSchema Schema => source.Schema;

        public override long Position => source.Position;

        public override long Batch => source.Batch;

        public override bool MoveNext()
        {
            if (!source.MoveNext()) return false;
            view.RowsRead++;
            return true;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => source.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ValueGetter<TValue> getter = source.GetGetter<TValue>(column);
            return (ref TValue value) =>
            {
                if (!_read.Add((source.Position, column.Index))) throw new AssertionException($"'{column.Name}' of row {source.Position} was read twice.");
                getter(ref value);
            };
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                view.IsClosed = true;
                source.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
