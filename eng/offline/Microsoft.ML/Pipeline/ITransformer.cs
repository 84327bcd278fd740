using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>A fitted component: it adds or changes columns.</summary>
public interface ITransformer : ICanSaveModel
{
    /// <summary>True if <see cref="GetRowToRowMapper"/> works.</summary>
    bool IsRowToRowMapper { get; }

    /// <summary>The columns after the transformation.</summary>
    DataViewSchema GetOutputSchema(DataViewSchema inputSchema);

    /// <summary>The view after the transformation; nothing is computed before it is read.</summary>
    IDataView Transform(IDataView input);

    /// <summary>The transformation of single rows.</summary>
    IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema);
}
