namespace Microsoft.ML.Data;

/// <summary>A row over another row: same position, batch and identity.</summary>
internal abstract class WrappingRow(DataViewRow input) : DataViewRow
{
    public sealed override long Batch => Input.Batch;

    public sealed override long Position => Input.Position;

    protected DataViewRow Input { get; } = input;

    public sealed override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Input.Dispose();
    }
}
