namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>Which old classes share a softmax in a distillation loss.</summary>
public enum LwfGrouping
{
    /// <summary>All old classes, as in class-incremental code.</summary>
    AllOld,

    /// <summary>Those of one task, as in the paper, which adds one term for each old task.</summary>
    PerTask,
}
