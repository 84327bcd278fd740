namespace Microsoft.ML;

/// <summary>A pass over the rows of a view.</summary>
public abstract class DataViewRowCursor : DataViewRow
{
    /// <summary>For derived classes, which may live anywhere.</summary>
    protected DataViewRowCursor()
    {
    }

    /// <summary>Goes to the next row; false after the last.</summary>
    public abstract bool MoveNext();
}
