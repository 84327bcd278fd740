namespace Microsoft.ML.Data;

/// <summary>One user object as a row; setting another moves the position on.</summary>
internal sealed class SingleTypedRow<TRow>(TypedColumn[] columns) : TypedRow<TRow>(TypedColumn.SchemaOf(columns), columns, active: null)
    where TRow : class
{
    private TRow _current;
    private long _position = -1;

    public override long Position => _position;

    protected override TRow Current => _current ?? throw new InvalidOperationException(Errors.FetchValueState);

    public void Set(TRow value)
    {
        _current = value ?? throw new ArgumentNullException(nameof(value));
        _position++;
    }
}
