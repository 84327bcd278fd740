namespace Microsoft.ML.Data;

/// <summary>The map from the columns of a subset back to those of its source.</summary>
internal sealed class ColumnSubset
{
    private readonly DataViewSchema _source;
    private readonly int[] _origins;

    public ColumnSubset(DataViewSchema source, IEnumerable<DataViewSchema.Column> kept)
    {
        _source = source;
        DataViewSchema.Column[] columns = [.. kept];
        _origins = [.. columns.Select(column => column.Index)];
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(columns);
        Schema = builder.ToSchema();
    }

    public DataViewSchema Source => _source;

    public DataViewSchema Schema { get; }

    public DataViewSchema.Column Origin(DataViewSchema.Column column)
    {
        Errors.CheckParam(column.Index < _origins.Length, nameof(column), $"Column '{column.Name}' is not part of the schema.");
        return _source[_origins[column.Index]];
    }

    public IEnumerable<DataViewSchema.Column> Origins(IEnumerable<DataViewSchema.Column> columns) =>
        Schema.Where(columns.ToFlags(Schema)).Select(Origin);
}

/// <summary>A view with some of the columns of another, in the subset's order.</summary>
internal sealed class ColumnSubsetView(IDataView input, ColumnSubset subset) : IDataView
{
    public ColumnSubsetView(IDataView input, Func<DataViewSchema.Column, bool> keep)
        : this(input, new ColumnSubset(input.Schema, input.Schema.Where(keep)))
    {
    }

    public bool CanShuffle => input.CanShuffle;

    public DataViewSchema Schema => subset.Schema;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(input.GetRowCursor(subset.Origins(columnsNeeded), rand), subset);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [.. input.GetRowCursorSet(subset.Origins(columnsNeeded), n, rand).Select(cursor => new Cursor(cursor, subset))];

    private sealed class Cursor(DataViewRowCursor input, ColumnSubset subset) : WrappingCursor(input)
    {
        public override DataViewSchema Schema => subset.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => Input.IsColumnActive(subset.Origin(column));

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => Input.GetGetter<TValue>(subset.Origin(column));
    }
}
