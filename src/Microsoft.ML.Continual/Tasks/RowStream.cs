namespace Microsoft.ML.Continual.Tasks;

/// <summary>Cuts a view into tasks of consecutive rows while it is read: its cursor is opened once, and each row is read once.</summary>
/// <param name="source">The rows, in the order in which they arrive.</param>
/// <param name="rowsPerTask">The rows of a task; the last may have fewer.</param>
/// <param name="test">The test rows of every task, or null.</param>
internal sealed class RowStream(IDataView source, int rowsPerTask, IDataView? test)
{
    private DataViewRowCursor? _cursor;
    private StreamChunkView? _chunk;   // the last one given out
    private bool _enumerated, _released, _ended;
    private bool _onNextRow;           // the cursor stands on a row that no chunk has served

    /// <summary>
    /// The tasks, named <c>Task 1</c>, <c>Task 2</c>, …. A task whose reading was broken off, by a bad row for instance, loses the rest of its rows; the next begins
    /// where it would have begun.
    /// </summary>
    /// <exception cref="InvalidOperationException">The stream is enumerated a second time, or a task is asked for before the one before was read.</exception>
    public IEnumerable<ContinualTask> Tasks()
    {
        if (_enumerated) throw new InvalidOperationException("The rows of a stream come once: its tasks can be enumerated once, and this was done already.");
        _enumerated = true;
        _cursor = source.GetRowCursor(source.Schema.Where(column => !column.IsHidden));
        try
        {
            for (int number = 1; HasNext(); number++)
            {
                _chunk = new StreamChunkView(this, $"Task {number}", source.Schema);
                yield return new ContinualTask(_chunk.Name, _chunk, test);
            }
        }
        finally
        {
            _released = true;   // whoever broke off with a task in hand may still read it
            if (_chunk is null or { IsRead: true }) Close();
        }
    }

    /// <summary>The shared cursor. It is there as long as a chunk that was given out is not opened.</summary>
    internal DataViewRowCursor Cursor => _cursor!;

    /// <summary>Moves the shared cursor to the chunk's next row; false at the chunk's end.</summary>
    internal bool MoveNext(StreamChunkView chunk)
    {
        if (chunk.IsRead) return false;
        if (chunk.Served < rowsPerTask && (_onNextRow || Advance()))
        {
            _onNextRow = false;
            chunk.Served++;
            return true;
        }
        chunk.IsRead = true;
        return false;
    }

    /// <summary>Called when nobody reads the chunk any more.</summary>
    internal void LetGo(StreamChunkView chunk)
    {
        if (_released && ReferenceEquals(chunk, _chunk)) Close();
    }

    private bool HasNext()
    {
        if (_chunk is { IsOpened: false })
            throw new InvalidOperationException($"The rows of '{_chunk.Name}' were not read, and a stream does not go back: learn each task before asking for the next.");
        while (_chunk is not null && MoveNext(_chunk)) { }   // what a broken-off reading has left
        return _onNextRow = Advance();
    }

    private bool Advance() => !_ended && !(_ended = !_cursor!.MoveNext());

    private void Close()
    {
        _cursor?.Dispose();
        _cursor = null;
    }
}
