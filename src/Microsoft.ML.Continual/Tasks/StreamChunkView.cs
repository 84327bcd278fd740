using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>The rows of one task of a <see cref="RowStream"/>. They can be read once.</summary>
internal sealed class StreamChunkView(RowStream stream, string name, DataViewSchema schema) : IDataView
{
    private int _opened;

    /// <summary>The task's name.</summary>
    public string Name => name;

    /// <summary>Whether a reading has begun.</summary>
    public bool IsOpened => _opened != 0;

    /// <summary>Whether all rows are read.</summary>
    public bool IsRead { get; set; }

    /// <summary>The number of rows read.</summary>
    public int Served { get; set; }

    public bool CanShuffle => false;

    public DataViewSchema Schema => schema;

    public long? GetRowCount() => null;   // unknown before a pass

    /// <exception cref="InvalidOperationException">The rows were read already.</exception>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        if (Interlocked.Exchange(ref _opened, 1) != 0)
        {
            throw new InvalidOperationException(
                $"The rows of '{name}' come from a stream and were read already: a stream can be read once. Set CacheImages = true, so that training keeps a task's images in memory after one reading.");
        }
        return new Cursor(this, stream, [.. columnsNeeded.Select(column => column.Index)]);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(StreamChunkView view, RowStream stream, HashSet<int> active) : DataViewRowCursor
    {
        private readonly DataViewRowCursor _source = stream.Cursor;
        private bool _disposed;

        public override DataViewSchema Schema => _source.Schema;

        public override long Position => view.Served == 0 || view.IsRead ? -1 : view.Served - 1;

        public override long Batch => _source.Batch;

        public override bool MoveNext() => !_disposed && stream.MoveNext(view);

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => IsColumnActive(column)
            ? _source.GetGetter<TValue>(column)
            : throw new ArgumentException($"The column '{column.Name}' was not asked for when the cursor was made.", nameof(column));

        public override ValueGetter<DataViewRowId> GetIdGetter() => _source.GetIdGetter();

        // The source's cursor is the stream's: it goes on with the next task.
        protected override void Dispose(bool disposing)
        {
            if (disposing && !_disposed)
            {
                _disposed = true;
                stream.LetGo(view);
            }
            base.Dispose(disposing);
        }
    }
}
