namespace Microsoft.ML.Continual.Inference;

/// <summary>The lazy result of <see cref="ContinualTransformer.Transform"/>: nothing is read or scored before a cursor moves.</summary>
internal sealed class ScoringView : IDataView
{
    private readonly ContinualTransformer _model;
    private readonly IDataView _source;
    private readonly TaskHint? _hint;
    private readonly OutputLayout _layout;

    /// <param name="model">Scores the rows.</param>
    /// <param name="source">The rows.</param>
    /// <param name="hint">The task they come from, where it is known.</param>
    public ScoringView(ContinualTransformer model, IDataView source, TaskHint? hint = null)
    {
        (_model, _source, _hint) = (model, source, hint);
        _layout = model.CreateLayout(source.Schema);
    }

    public DataViewSchema Schema => _layout.Schema;

    public bool CanShuffle => _source.CanShuffle;

    public long? GetRowCount() => _source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        bool[] active = _layout.Activate(columnsNeeded);
        return Wrap(_source.GetRowCursor(_layout.Dependencies(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        bool[] active = _layout.Activate(columnsNeeded);
        return [.. _source.GetRowCursorSet(_layout.Dependencies(active), n, rand).Select(cursor => Wrap(cursor, active))];
    }

    // Scoring reads ahead; anything else is passed through row by row.
    private DataViewRowCursor Wrap(DataViewRowCursor source, bool[] active)
    {
        try
        {
            return _layout.NeedsScores(active) ? new ReadAheadCursor(_model, _layout, source, active, _hint) : new PassThroughCursor(_model, _layout, source, active);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }
}
