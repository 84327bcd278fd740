using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tests.Inference;

/// <summary>A view over another that counts what is read of it, can fail at a row, and can be split over several cursors.</summary>
internal sealed class ProbedView(IDataView source) : IDataView
{
    /// <summary>The rows that cursors have moved to.</summary>
    public int RowsRead;

    /// <summary>Cursors made and not disposed.</summary>
    public int OpenCursors;

    /// <summary>The values read, by column name.</summary>
    public Dictionary<string, int> ValuesRead { get; } = [];

    /// <summary>The columns asked for, in the order of the cursors.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>MoveNext throws when it comes to this row.</summary>
    public int? FailAt { get; init; }

    public DataViewSchema Schema => source.Schema;

    public bool CanShuffle => source.CanShuffle;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this, Note(columnsNeeded), rand, 0, 1);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        DataViewSchema.Column[] columns = Note(columnsNeeded);
        return [.. Enumerable.Range(0, n).Select(i => (DataViewRowCursor)new Cursor(this, columns, rand, i, n))];
    }

    private DataViewSchema.Column[] Note(IEnumerable<DataViewSchema.Column> columns)
    {
        DataViewSchema.Column[] noted = [.. columns];
        Asked.Add(string.Join(',', noted.Select(c => c.Name)));
        return noted;
    }

    /// <summary>Every n-th row; Batch is the row's number in the whole view.</summary>
    private sealed class Cursor : DataViewRowCursor
    {
        private readonly ProbedView _view;
        private readonly DataViewRowCursor _source;
        private readonly int _part, _parts;
        private long _position = -1;
        private bool _disposed;

        public Cursor(ProbedView view, DataViewSchema.Column[] columns, Random? rand, int part, int parts)
        {
            (_view, _part, _parts) = (view, part, parts);
            _source = view.Inner.GetRowCursor(columns, rand);
            Interlocked.Increment(ref view.OpenCursors);
        }

        public override DataViewSchema Schema => _source.Schema;

        public override long Position => _position;

        public override long Batch => _source.Position;

        public override ValueGetter<DataViewRowId> GetIdGetter() => _source.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _source.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ValueGetter<TValue> getter = _source.GetGetter<TValue>(column);
            return (ref TValue value) =>
            {
                lock (_view.ValuesRead) _view.ValuesRead[column.Name] = _view.ValuesRead.GetValueOrDefault(column.Name) + 1;
                getter(ref value);
            };
        }

        public override bool MoveNext()
        {
            while (_source.MoveNext())
            {
                if (_source.Position % _parts != _part) continue;
                if (_source.Position == _view.FailAt) throw new IOException($"row {_source.Position} cannot be read");
                Interlocked.Increment(ref _view.RowsRead);
                _position++;
                return true;
            }
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_disposed)
            {
                _disposed = true;
                Interlocked.Decrement(ref _view.OpenCursors);
                _source.Dispose();
            }
            base.Dispose(disposing);
        }
    }

    private IDataView Inner => source;
}
