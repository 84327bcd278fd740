using Microsoft.ML.Continual.Data;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Inference;

/// <summary>A row with scores over a source row that moves. The image is scored once for each position, when a score is first asked for.</summary>
internal sealed class ScoringRow : DataViewRow
{
    private readonly ContinualTransformer _model;
    private readonly OutputLayout _layout;
    private readonly DataViewRow _source;
    private readonly bool[] _active;
    private readonly Func<long, HostImage>? _readImage;
    private readonly LabelMapping? _label;
    private Probabilities? _scores;
    private long _scoredPosition;

    public ScoringRow(ContinualTransformer model, OutputLayout layout, DataViewRow source, bool[] active)
    {
        (_model, _layout, _source, _active) = (model, layout, source, active);
        if (layout.NeedsScores(active)) _readImage = layout.ReadImages(source);
        if (layout.IsActive(active, OutputKind.Label)) _label = layout.MapLabel(source);
    }

    public override DataViewSchema Schema => _layout.Schema;

    public override long Position => _source.Position;

    public override long Batch => _source.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _source.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _layout.IsActive(_active, column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        _layout.RequireActive(_active, column);
        Delegate getter = _layout.KindOf(column) switch
        {
            OutputKind.Source => _source.GetGetter<TValue>(_source.Schema[column.Index]),
            OutputKind.Label => (ValueGetter<uint>)((ref uint value) => value = _label!.Read()),
            OutputKind.Score => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Scored().CopyRow(0, ref value)),
            _ => (ValueGetter<uint>)((ref uint value) => value = Scored().BestKey(0)),
        };
        return OutputLayout.Cast<TValue>(getter, column);
    }

    private Probabilities Scored()
    {
        if (_scores is null || _scoredPosition != _source.Position)
        {
            _scores = _model.Score(_model.Pack([_readImage!(_source.Position)]));
            _scoredPosition = _source.Position;
        }
        return _scores;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _source.Dispose();
        base.Dispose(disposing);
    }
}
