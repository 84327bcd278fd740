using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Keeps some columns in the order given, or drops some.</summary>
public sealed class ColumnSelectingTransformer : ITransformer
{
    private readonly string[] _names;
    private readonly bool _keep;
    private readonly bool _keepHidden;

    internal ColumnSelectingTransformer(string[] names, bool keep, bool keepHidden)
    {
        _names = names ?? throw new ArgumentNullException("columnNames");
        _keep = keep;
        _keepHidden = keepHidden;
    }

    bool ITransformer.IsRowToRowMapper => true;

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return Subset(inputSchema).Schema;
    }

    /// <inheritdoc/>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ColumnSubsetView(input, Subset(input.Schema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new Mapper(Subset(inputSchema));
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw Errors.CannotSave(nameof(ColumnSelectingTransformer));

    internal bool Keeps(string name) => _names.Contains(name) == _keep;

    internal void CheckNames(IEnumerable<string> present)
    {
        string[] missing = [.. _names.Except(present)];
        if (missing.Length > 0)
            throw Errors.MissingColumn("inputSchema", "input", string.Join(",", missing));
    }

    private ColumnSubset Subset(DataViewSchema schema)
    {
        CheckNames(schema.Select(column => column.Name));
        IEnumerable<DataViewSchema.Column> candidates = schema.Where(column => _keepHidden || !column.IsHidden);
        return new ColumnSubset(schema, _keep
            ? _names.SelectMany(name => candidates.Where(column => column.Name == name))
            : candidates.Where(column => Keeps(column.Name)));
    }

    private sealed class Mapper(ColumnSubset subset) : IRowToRowMapper
    {
        public DataViewSchema InputSchema => subset.Source;

        public DataViewSchema OutputSchema => subset.Schema;

        public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => subset.Origins(dependingColumns);

        public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) =>
            new Row(input, subset, activeColumns.ToFlags(subset.Schema));
    }

    private sealed class Row(DataViewRow input, ColumnSubset subset, bool[] active) : WrappingRow(input)
    {
        public override DataViewSchema Schema => subset.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Errors.CheckActive(IsColumnActive(column), column);
            return Input.GetGetter<TValue>(subset.Origin(column));
        }
    }
}
