using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tests.MlNet;

/// <summary>An estimator made with public members alone: adds the column "XPlus" = X + 1, and remembers what it was fitted on.</summary>
internal sealed class AddOneEstimator(string column) : IEstimator<AddOneTransformer>
{
    private static readonly MLContext s_shapes = new(0);

    public bool RowByRow { get; init; } = true;

    public int Fits { get; private set; }

    public float[] Seen { get; private set; } = [];

    public AddOneTransformer? Fitted { get; private set; }

    public AddOneTransformer Fit(IDataView input)
    {
        Fits++;
        Seen = [.. input.GetColumn<float>(column)];
        return Fitted = new AddOneTransformer(column, RowByRow);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        if (inputSchema.All(candidate => candidate.Name != column))
            throw new ArgumentOutOfRangeException(nameof(inputSchema), $"Could not find input column '{column}'");
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Added));
        definition[0].ColumnName = column + "Plus";
        return new SchemaShape(inputSchema.Concat(
            s_shapes.Transforms.CustomMapping<None, Added>((_, _) => { }, null, null, definition).GetOutputSchema(new SchemaShape([]))));
    }

    private sealed class None
    {
    }

    private sealed class Added
    {
        public float Value { get; set; }
    }
}

/// <summary>The transformer of <see cref="AddOneEstimator"/>: its own view, cursor, row and row mapper.</summary>
internal sealed class AddOneTransformer(string column, bool rowByRow) : ITransformer, IDisposable
{
    public bool IsDisposed { get; private set; }

    public bool IsRowToRowMapper => rowByRow;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        builder.AddColumn(column + "Plus", inputSchema[column].Type);
        return builder.ToSchema();
    }

    public IDataView Transform(IDataView input) => new View(input, GetOutputSchema(input.Schema), column);

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) =>
        rowByRow ? new Mapper(inputSchema, GetOutputSchema(inputSchema), column) : throw new InvalidOperationException("Not a row mapper.");

    public void Save(ModelSaveContext ctx) => throw new NotSupportedException();

    public void Dispose() => IsDisposed = true;

    private static IEnumerable<DataViewSchema.Column> Inputs(DataViewSchema input, IEnumerable<DataViewSchema.Column> needed, string column)
    {
        HashSet<int> indices = [.. needed.Select(candidate => candidate.Index)];
        return input.Where(candidate => indices.Contains(candidate.Index) || (indices.Contains(input.Count) && candidate.Index == input[column].Index));
    }

    private static ValueGetter<TValue> Getter<TValue>(DataViewRow row, DataViewSchema.Column wanted, string column)
    {
        if (wanted.Index < row.Schema.Count)
            return row.GetGetter<TValue>(row.Schema[wanted.Index]);
        ValueGetter<float> get = row.GetGetter<float>(row.Schema[column]);
        return (ValueGetter<TValue>)(Delegate)(ValueGetter<float>)((ref float value) =>
        {
            get(ref value);
            value++;
        });
    }

    private sealed class View(IDataView input, DataViewSchema schema, string column) : IDataView
    {
        public bool CanShuffle => input.CanShuffle;

        public DataViewSchema Schema => schema;

        public long? GetRowCount() => input.GetRowCount();

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
            new Cursor(input.GetRowCursor(Inputs(input.Schema, columnsNeeded, column), rand), schema, column);

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
            [GetRowCursor(columnsNeeded, rand)];
    }

    private sealed class Cursor(DataViewRowCursor input, DataViewSchema schema, string column) : DataViewRowCursor
    {
        public override DataViewSchema Schema => schema;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override bool MoveNext() => input.MoveNext();

        public override bool IsColumnActive(DataViewSchema.Column wanted) =>
            wanted.Index < input.Schema.Count ? input.IsColumnActive(input.Schema[wanted.Index]) : input.IsColumnActive(input.Schema[column]);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column wanted) => Getter<TValue>(input, wanted, column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                input.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class Mapper(DataViewSchema input, DataViewSchema output, string column) : IRowToRowMapper
    {
        public DataViewSchema InputSchema => input;

        public DataViewSchema OutputSchema => output;

        public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => Inputs(input, dependingColumns, column);

        public DataViewRow GetRow(DataViewRow row, IEnumerable<DataViewSchema.Column> activeColumns) => new Row(row, output, column);
    }

    private sealed class Row(DataViewRow input, DataViewSchema schema, string column) : DataViewRow
    {
        public override DataViewSchema Schema => schema;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column wanted) => true;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column wanted) => Getter<TValue>(input, wanted, column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();
    }
}
