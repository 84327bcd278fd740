using System.Runtime.ExceptionServices;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Inference;

/// <summary>
/// A cursor that scores whole blocks of rows. A background thread reads the next block of the source, with every active column copied, while
/// this thread scores and serves the present one.
/// </summary>
/// <remarks>
/// Copying the columns, rather than running a second cursor beside the first, serves the right values whatever the source does: it may be
/// shuffled, random, or readable only once. An exception of the source comes out of <see cref="MoveNext"/> at the row where it happened.
/// </remarks>
internal sealed class ReadAheadCursor : DataViewRowCursor
{
    private const int BlocksAhead = 1;

    private readonly ContinualTransformer _model;
    private readonly OutputLayout _layout;
    private readonly DataViewRowCursor _source;
    private readonly bool[] _active;
    private readonly TaskHint? _hint;
    private readonly LabelMapping? _label;
    private readonly Func<long, HostImage> _readImage;
    private readonly BufferedColumn?[] _columns;   // by source column index
    private readonly ValueGetter<DataViewRowId> _sourceId;

    private ReadAhead<RowBlock>? _ahead;
    private IEnumerator<RowBlock>? _blocks;
    private RowBlock? _block;   // null before the first row and after the last
    private int _slot;
    private long _position = -1;
    private bool _finished, _disposed;

    public ReadAheadCursor(ContinualTransformer model, OutputLayout layout, DataViewRowCursor source, bool[] active, TaskHint? hint = null)
    {
        (_model, _layout, _source, _active, _hint) = (model, layout, source, active, hint);
        _readImage = layout.ReadImages(source);
        if (layout.IsActive(active, OutputKind.Label)) _label = layout.MapLabel(source);
        _columns = new BufferedColumn?[source.Schema.Count];
        for (int i = 0; i < _columns.Length; i++)
            if (active[i]) _columns[i] = BufferedColumn.Create(source, source.Schema[i]);
        _sourceId = source.GetIdGetter();
    }

    public override DataViewSchema Schema => _layout.Schema;

    public override long Position => _position;

    public override long Batch => _block is null ? 0 : _block.Batches[_slot];

    public override bool IsColumnActive(DataViewSchema.Column column) => _layout.IsActive(_active, column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = Served().Ids[_slot];

    public override bool MoveNext()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_finished) return false;
        if (_block is not null && ++_slot < _block.Count)
        {
            _position++;
            return true;
        }

        long next = _position + 1;
        (_block, _position) = (null, -1);   // as after the last row
        _ahead ??= new ReadAhead<RowBlock>(ReadBlocks, BlocksAhead, CancellationToken.None);   // nothing is read before the first call
        _blocks ??= _ahead.GetEnumerator();
        _finished = true;   // also when the source's exception comes out here
        if (!_blocks.MoveNext()) return false;
        (_finished, _block, _slot, _position) = (false, _blocks.Current, 0, next);
        return true;
    }

    /// <summary>Runs on the background thread.</summary>
    private IEnumerable<RowBlock> ReadBlocks(CancellationToken stop)
    {
        ExceptionDispatchInfo? failure = null;
        bool more = true;
        while (more)
        {
            int capacity = _model.BatchSize;
            var block = new RowBlock(capacity, [.. _columns.Select(column => column?.Allocate(capacity))]);
            var images = new List<HostImage>(capacity);
            try
            {
                while (block.Count < capacity && (more = _source.MoveNext()))
                {
                    stop.ThrowIfCancellationRequested();
                    images.Add(ReadRow(block));
                }
            }
            catch (Exception exception)   // the rows before it are served first
            {
                failure = ExceptionDispatchInfo.Capture(exception);
                more = false;
            }
            if (block.Count > 0)
            {
                block.Images = _model.Pack(images);
                yield return block;
            }
        }
        failure?.Throw();
    }

    private HostImage ReadRow(RowBlock block)
    {
        int slot = block.Count;
        HostImage image = _readImage(_source.Position);
        for (int i = 0; i < _columns.Length; i++) _columns[i]?.Read(block.Columns[i]!, slot);
        if (_label is not null) block.Labels[slot] = _label.Read();
        block.Batches[slot] = _source.Batch;
        _sourceId(ref block.Ids[slot]);
        block.Count++;
        return image;
    }

    private RowBlock Served() => _block
        ?? throw new InvalidOperationException("The cursor stands on no row: call MoveNext first, and read no value after it returned false.");

    // A block is scored when the first of its rows is asked for a score.
    private Probabilities Scored()
    {
        RowBlock block = Served();
        if (block.Scores is null) (block.Scores, block.Images) = (_model.Score(block.Images!, _hint), null);
        return block.Scores;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        _layout.RequireActive(_active, column);
        Delegate getter = _layout.KindOf(column) switch
        {
            OutputKind.Source => _columns[column.Index]!.GetGetter(() => (Served().Columns[column.Index]!, _slot)),
            OutputKind.Label => (ValueGetter<uint>)((ref uint value) => value = Served().Labels[_slot]),
            OutputKind.Score => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Scored().CopyRow(_slot, ref value)),
            _ => (ValueGetter<uint>)((ref uint value) => value = Scored().BestKey(_slot)),
        };
        return OutputLayout.Cast<TValue>(getter, column);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            (_disposed, _finished, _block) = (true, true, null);
            _ahead?.Dispose();   // the thread that uses the source ends here
            _blocks?.Dispose();
            _source.Dispose();
            if (_label is not null) _model.WarnOfUnknownLabels(_label);
        }
        base.Dispose(disposing);
    }
}
