using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Inference;

/// <summary>Scores row by row: what <c>PredictionEngine</c> uses.</summary>
internal sealed class ScoringMapper(ContinualTransformer model, OutputLayout layout) : IRowToRowMapper
{
    public DataViewSchema InputSchema => layout.Source;

    public DataViewSchema OutputSchema => layout.Schema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        layout.Dependencies(layout.Activate(dependingColumns));

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) =>
        new ScoringRow(model, layout, input, layout.Activate(activeColumns));
}
