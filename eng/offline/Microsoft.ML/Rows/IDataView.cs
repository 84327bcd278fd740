namespace Microsoft.ML;

/// <summary>A table that is computed when it is read: a schema and any number of independent passes over the rows.</summary>
public interface IDataView
{
    /// <summary>True if a pass may visit the rows in random order.</summary>
    bool CanShuffle { get; }

    /// <summary>The columns.</summary>
    DataViewSchema Schema { get; }

    /// <summary>The number of rows where it is known without a pass, else null.</summary>
    long? GetRowCount();

    /// <summary>Starts a pass in which only the needed columns are active.</summary>
    /// <param name="columnsNeeded">The active columns; others may be inactive.</param>
    /// <param name="rand">The source of a random order, where <see cref="CanShuffle"/>; null for the natural order.</param>
    DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null);

    /// <summary>Starts up to <paramref name="n"/> cursors that together visit each row once.</summary>
    DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null);
}
