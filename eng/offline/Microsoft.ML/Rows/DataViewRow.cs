using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>One row: values by column, an identity and a position.</summary>
public abstract class DataViewRow : IDisposable
{
    /// <summary>For derived classes, which may live anywhere.</summary>
    protected DataViewRow()
    {
    }

    /// <summary>Which run of parallel work the row belongs to; 0 where there is one only.</summary>
    public abstract long Batch { get; }

    /// <summary>The position in the pass; it changes whenever the values do, and is -1 outside the rows.</summary>
    public abstract long Position { get; }

    /// <summary>The columns.</summary>
    public abstract DataViewSchema Schema { get; }

    /// <summary>The getter of a column. Get it once, call it for each row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is not active.</exception>
    /// <exception cref="InvalidOperationException">The column has another type.</exception>
    public abstract ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column);

    /// <summary>The getter of the row's identity.</summary>
    public abstract ValueGetter<DataViewRowId> GetIdGetter();

    /// <summary>True if the column can be read in this pass.</summary>
    public abstract bool IsColumnActive(DataViewSchema.Column column);

    /// <summary>Ends the use of the row.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the use of the row.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
