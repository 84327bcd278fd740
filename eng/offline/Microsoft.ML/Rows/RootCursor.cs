namespace Microsoft.ML.Data;

/// <summary>A cursor that counts its own rows; after the last it lets go of what it holds.</summary>
internal abstract class RootCursor : DataViewRowCursor
{
    private bool _done;

    private long _position = -1;

    public override long Batch => 0;

    public sealed override long Position => _position;

    public sealed override bool MoveNext()
    {
        if (_done)
            return false;
        if (MoveNextCore())
        {
            _position++;
            return true;
        }
        Dispose();
        return false;
    }

    /// <summary>Goes to the next row; <see cref="Position"/> is still that of the row before.</summary>
    protected abstract bool MoveNextCore();

    protected void CheckGood() => Errors.Check(_position >= 0, Errors.FetchValueState);

    protected override void Dispose(bool disposing)
    {
        _done = true;
        _position = -1;
    }
}
