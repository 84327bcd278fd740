namespace Microsoft.ML.Data;

/// <summary>The rows of a view that pass a test. They keep their identities.</summary>
/// <param name="input">The view.</param>
/// <param name="needed">The columns that the test reads.</param>
/// <param name="makeTest">Makes the test of the present row of a cursor.</param>
internal sealed class FilteredView(IDataView input, IEnumerable<DataViewSchema.Column> needed, Func<DataViewRow, Func<bool>> makeTest) : IDataView
{
    private readonly DataViewSchema.Column[] _needed = [.. needed];

    public bool CanShuffle => input.CanShuffle;

    public DataViewSchema Schema => input.Schema;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        bool[] active = columnsNeeded.ToFlags(Schema);
        return Wrap(input.GetRowCursor(Inputs(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        bool[] active = columnsNeeded.ToFlags(Schema);
        return [.. input.GetRowCursorSet(Inputs(active), n, rand).Select(cursor => Wrap(cursor, active))];
    }

    private IEnumerable<DataViewSchema.Column> Inputs(bool[] active)
    {
        bool[] inputs = [.. active];
        foreach (DataViewSchema.Column column in _needed)
            inputs[column.Index] = true;
        return Schema.Where(inputs);
    }

    private Cursor Wrap(DataViewRowCursor cursor, bool[] active) => new(cursor, active, makeTest(cursor));

    private sealed class Cursor(DataViewRowCursor input, bool[] active, Func<bool> test) : WrappingCursor(input)
    {
        private long _position = -1;

        public override long Position => _position;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Errors.CheckActive(IsColumnActive(column), column);
            return Input.GetGetter<TValue>(column);
        }

        public override bool MoveNext()
        {
            while (Input.MoveNext())
            {
                if (!test())
                    continue;
                _position++;
                return true;
            }
            _position = -1;
            return false;
        }
    }
}
