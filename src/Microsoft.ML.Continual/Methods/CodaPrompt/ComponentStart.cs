namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>How a task's new components, keys and attention vectors start.</summary>
public enum ComponentStart
{
    /// <summary>Random rows of length 1, orthogonal to all rows before them and to each other.</summary>
    Orthonormal,

    /// <summary>
    /// The published Gram–Schmidt: from a random row one projection is subtracted for each row before it, as if those were orthogonal to each other. Rows that were trained no longer are, so that
    /// the new ones are orthogonal to neither them nor each other, from the second task on.
    /// </summary>
    ReferenceGramSchmidt,
}
