namespace Microsoft.ML.Data;

/// <summary>A row-wise transformation bound to an input schema: which columns it adds, what they read, and how.</summary>
internal abstract class RowMapper
{
    /// <summary>The columns it adds, in order.</summary>
    public abstract DataViewSchema.DetachedColumn[] OutputColumns { get; }

    /// <summary>Marks the input columns that the active outputs read.</summary>
    public abstract void MarkDependencies(bool[] activeOutputs, bool[] inputs);

    /// <summary>A getter for each active output, null for the others.</summary>
    public abstract Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs);
}
