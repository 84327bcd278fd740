namespace Microsoft.ML.Data;

/// <summary>A row-wise transformation bound to an input schema: which columns it adds, what they read, and how.</summary>
internal abstract class RowMapper
{
    /// <summary>The columns it adds, in order.</summary>
    public abstract DataViewSchema.DetachedColumn[] OutputColumns { get; }

    /// <summary>Marks the input columns that the active outputs read.</summary>
    public abstract void MarkDependencies(bool[] activeOutputs, bool[] inputs);

    /// <summary>A getter for each active output, null for the others.</summary>
    /// <param name="input">The row to read from.</param>
    /// <param name="activeOutputs">Which outputs are asked for.</param>
    /// <param name="onDispose">Takes what must be disposed with the row.</param>
    public abstract Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs, ICollection<Action> onDispose);
}
