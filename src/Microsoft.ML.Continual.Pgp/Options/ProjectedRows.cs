namespace Microsoft.ML.Continual.Pgp;

/// <summary>Which rows of a parameter are projected.</summary>
public enum ProjectedRows
{
    /// <summary>All rows.</summary>
    All,

    /// <summary>The rows that the first image of the batch selected, as in the released code; with a batch-wise selection these are all that have a gradient.</summary>
    FirstImage,

    /// <summary>
    /// The rows that an earlier task used. What no old task has used cannot disturb one: DualPrompt's E-prompts, of which each task trains one of its own while the pool lasts, then learn freely.
    /// </summary>
    UsedBefore,
}
