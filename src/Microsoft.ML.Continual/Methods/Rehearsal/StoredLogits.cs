namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>How remembered logits are compared with those of a classifier that has grown since.</summary>
public enum StoredLogits
{
    /// <summary>The classes that the classifier had then; newer ones take no part.</summary>
    Truncate,

    /// <summary>All classes: the logits of newer ones are pulled to 0.</summary>
    ZeroPad,
}
