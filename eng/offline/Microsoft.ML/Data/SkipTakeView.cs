namespace Microsoft.ML.Data;

/// <summary>A run of the rows of a view, in natural order.</summary>
internal sealed class SkipTakeView(IDataView input, long skip, long take) : IDataView
{
    public bool CanShuffle => false;

    public DataViewSchema Schema => input.Schema;

    public long? GetRowCount() => input.GetRowCount() is long count ? Math.Min(Math.Max(0, count - skip), take) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(input.GetRowCursor(columnsNeeded), skip, take);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded)];

    private sealed class Cursor(DataViewRowCursor input, long skip, long take) : WrappingCursor(input)
    {
        private long _position = -1;
        private long _taken;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool MoveNext()
        {
            if (_taken < take && Skip() && Input.MoveNext())
            {
                _position = _taken++;
                return true;
            }
            _taken = take;
            _position = -1;
            return false;
        }

        private bool Skip()
        {
            if (_taken > 0)
                return true;
            for (long i = 0; i < skip; i++)
            {
                if (!Input.MoveNext())
                    return false;
            }
            return true;
        }
    }
}
