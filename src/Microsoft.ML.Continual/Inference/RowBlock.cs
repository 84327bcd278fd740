using Microsoft.ML.Continual.Data;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Inference;

/// <summary>Rows that were read together and are scored together.</summary>
/// <param name="capacity">The most rows it can hold.</param>
/// <param name="columns">Memory for the copied source columns, by source column index; null for a column that nobody asked for.</param>
internal sealed class RowBlock(int capacity, Array?[] columns)
{
    /// <summary>The number of rows read.</summary>
    public int Count { get; set; }

    /// <summary>The copied source columns.</summary>
    public Array?[] Columns => columns;

    /// <summary>The labels as keys over the classes seen.</summary>
    public uint[] Labels { get; } = new uint[capacity];

    /// <summary>The source's batch number of each row.</summary>
    public long[] Batches { get; } = new long[capacity];

    /// <summary>The source's row identifiers.</summary>
    public DataViewRowId[] Ids { get; } = new DataViewRowId[capacity];

    /// <summary>The images, gathered for the device; null once they are scored.</summary>
    public PackedImages? Images { get; set; }

    /// <summary>The scores of all rows, once one was asked for.</summary>
    public Probabilities? Scores { get; set; }
}
