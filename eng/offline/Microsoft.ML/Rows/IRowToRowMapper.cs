namespace Microsoft.ML.Data;

/// <summary>A transformation of single rows, bound to an input schema.</summary>
public interface IRowToRowMapper
{
    /// <summary>The columns it reads from.</summary>
    DataViewSchema InputSchema { get; }

    /// <summary>The columns after it.</summary>
    DataViewSchema OutputSchema { get; }

    /// <summary>The input columns that must be active for some output columns to be.</summary>
    IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns);

    /// <summary>The row after the mapping, computed when read.</summary>
    DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns);
}
