using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Inference;

/// <summary>A cursor over the scored view when neither score nor predicted label is wanted: the source's rows, the label re-expressed.</summary>
internal sealed class PassThroughCursor : DataViewRowCursor
{
    private readonly DataViewRowCursor _source;
    private readonly OutputLayout _layout;
    private readonly bool[] _active;
    private readonly LabelMapping? _label;
    private readonly ContinualTransformer _model;
    private bool _disposed;

    public PassThroughCursor(ContinualTransformer model, OutputLayout layout, DataViewRowCursor source, bool[] active)
    {
        (_model, _layout, _source, _active) = (model, layout, source, active);
        if (layout.IsActive(active, OutputKind.Label)) _label = layout.MapLabel(source);
    }

    public override DataViewSchema Schema => _layout.Schema;

    public override long Position => _source.Position;

    public override long Batch => _source.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _source.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _layout.IsActive(_active, column);

    public override bool MoveNext() => _source.MoveNext();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        _layout.RequireActive(_active, column);
        if (_layout.KindOf(column) == OutputKind.Source) return _source.GetGetter<TValue>(_source.Schema[column.Index]);
        return OutputLayout.Cast<TValue>((ValueGetter<uint>)((ref uint value) => value = _label!.Read()), column);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _source.Dispose();
            if (_label is not null) _model.WarnOfUnknownLabels(_label);
        }
        base.Dispose(disposing);
    }
}
