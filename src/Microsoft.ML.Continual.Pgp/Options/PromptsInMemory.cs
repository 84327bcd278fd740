namespace Microsoft.ML.Continual.Pgp;

/// <summary>Which of a site's own rows enter the memory, for sites whose rows' mutual products are to be kept.</summary>
public enum PromptsInMemory
{
    /// <summary>The rows that training on the task selected, as in the paper.</summary>
    SelectedOnly,

    /// <summary>All rows of the pool, as in the released code.</summary>
    WholePool,

    /// <summary>No rows: <c>p·pᵀ</c> is left alone.</summary>
    None,
}
