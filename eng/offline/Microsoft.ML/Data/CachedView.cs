namespace Microsoft.ML.Data;

/// <summary>
/// A view whose columns are kept in memory once they have been read. Columns that cannot be copied (images) are left out, as in ML.NET.
/// </summary>
internal sealed class CachedView : IDataView
{
    private readonly Lock _lock = new();
    private readonly IDataView _input;
    private readonly ColumnStore[] _stores;
    private int? _rowCount;

    public CachedView(IDataView input)
    {
        _input = new ColumnSubsetView(input, column => RawTypes.CanCopy(column.Type));
        _stores = new ColumnStore[_input.Schema.Count];
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema => _input.Schema;

    public long? GetRowCount() => _rowCount ?? _input.GetRowCount();

    /// <summary>Reads those of the columns that are not kept yet, in one pass.</summary>
    public void Fill(bool[] wanted)
    {
        lock (_lock)
        {
            DataViewSchema.Column[] missing = [.. Schema.Where(column => wanted[column.Index] && _stores[column.Index] is null)];
            if (missing.Length == 0 && _rowCount is not null)
                return;
            ColumnStore[] filled = [.. missing.Select(ColumnStore.For)];
            int rows = 0;
            using (DataViewRowCursor cursor = _input.GetRowCursor(missing))
            {
                for (int i = 0; i < missing.Length; i++)
                    filled[i].Bind(cursor, missing[i]);
                for (; cursor.MoveNext(); rows++)
                {
                    foreach (ColumnStore store in filled)
                        store.Append();
                }
            }
            Errors.Check(_rowCount is null || _rowCount == rows, "The data changed between two passes, so it cannot be cached.");
            _rowCount = rows;
            for (int i = 0; i < missing.Length; i++)
                _stores[missing[i].Index] = filled[i];
        }
    }

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        bool[] active = columnsNeeded.ToFlags(Schema);
        Fill(active);
        int[] order = null;
        if (rand is not null)
        {
            order = [.. Enumerable.Range(0, _rowCount!.Value)];
            rand.Shuffle(order);
        }
        return new Cursor(this, active, order);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(CachedView view, bool[] active, int[] order) : RootCursor
    {
        public override DataViewSchema Schema => view.Schema;

        private int Index
        {
            get
            {
                CheckGood();
                return order is null ? (int)Position : order[Position];
            }
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new DataViewRowId((ulong)Index, 0);

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Errors.CheckActive(IsColumnActive(column), column);
            return Errors.CastGetter<TValue>(view._stores[column.Index].Getter(() => Index), column);
        }

        protected override bool MoveNextCore() => Position + 1 < view._rowCount;
    }
}
