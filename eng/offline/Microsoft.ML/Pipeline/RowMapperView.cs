namespace Microsoft.ML.Data;

/// <summary>
/// The view after a row-wise transformation, and the transformation of single rows. The input's columns come first, then the added ones.
/// </summary>
internal sealed class RowMapperView : IDataView, IRowToRowMapper
{
    private readonly IDataView _input;
    private readonly RowMapper _mapper;

    public RowMapperView(IDataView input, RowMapper mapper)
    {
        _input = input;
        _mapper = mapper;
        Schema = SchemaOf(input.Schema, mapper);
    }

    public bool CanShuffle => _input.CanShuffle;

    public DataViewSchema Schema { get; }

    public DataViewSchema InputSchema => _input.Schema;

    public DataViewSchema OutputSchema => Schema;

    public static DataViewSchema SchemaOf(DataViewSchema input, RowMapper mapper)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumns(mapper.OutputColumns);
        return builder.ToSchema();
    }

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        bool[] active = columnsNeeded.ToFlags(Schema);
        return new Cursor(_input.GetRowCursor(InputsOf(active), rand), this, active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        bool[] active = columnsNeeded.ToFlags(Schema);
        return [.. _input.GetRowCursorSet(InputsOf(active), n, rand).Select(cursor => new Cursor(cursor, this, active))];
    }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        InputsOf(dependingColumns.ToFlags(Schema));

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new Row(input, this, activeColumns.ToFlags(Schema));
    }

    private IEnumerable<DataViewSchema.Column> InputsOf(bool[] active)
    {
        bool[] inputs = active[..InputSchema.Count];
        _mapper.MarkDependencies(active[InputSchema.Count..], inputs);
        return InputSchema.Where(inputs);
    }

    /// <summary>The added columns over a row: getters are made once.</summary>
    private sealed class Added
    {
        private readonly DataViewRow _input;
        private readonly RowMapperView _view;
        private readonly bool[] _active;
        private readonly List<Action> _onDispose = [];
        private readonly Delegate[] _getters;

        public Added(DataViewRow input, RowMapperView view, bool[] active)
        {
            _input = input;
            _view = view;
            _active = active;
            _getters = view._mapper.CreateGetters(input, active[view.InputSchema.Count..], _onDispose);
        }

        public bool IsActive(DataViewSchema.Column column)
        {
            Errors.CheckParam(column.Index < _active.Length, nameof(column), $"Column '{column.Name}' is not part of the schema.");
            return _active[column.Index];
        }

        public ValueGetter<T> Getter<T>(DataViewSchema.Column column)
        {
            Errors.CheckActive(IsActive(column), column);
            int own = column.Index - _view.InputSchema.Count;
            return own < 0 ? _input.GetGetter<T>(_view.InputSchema[column.Index]) : Errors.CastGetter<T>(_getters[own], column);
        }

        public void Dispose()
        {
            foreach (Action dispose in _onDispose)
                dispose();
            _onDispose.Clear();
        }
    }

    private sealed class Cursor(DataViewRowCursor input, RowMapperView view, bool[] active) : WrappingCursor(input)
    {
        private readonly Added _added = new(input, view, active);

        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _added.IsActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _added.Getter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _added.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class Row(DataViewRow input, RowMapperView view, bool[] active) : WrappingRow(input)
    {
        private readonly Added _added = new(input, view, active);

        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _added.IsActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _added.Getter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _added.Dispose();
            base.Dispose(disposing);
        }
    }
}
