namespace Microsoft.ML.Continual.Evaluation;

/// <summary>What the model is told about a test image.</summary>
public enum EvaluationSetting
{
    /// <summary>Nothing: it chooses among all classes seen so far.</summary>
    ClassIncremental,

    /// <summary>The task the image comes from: it chooses among the classes of that task's training rows only.</summary>
    TaskIncremental,

    /// <summary>
    /// The largest task of the images in the batch, as in CLIP-PGP's released class-incremental evaluation: it chooses among the classes of the tasks up to that one. As test views hold one task each,
    /// that is the image's own task: the true task leaks into the result, and early tasks look better than they are. For comparison with published numbers only.
    /// </summary>
    BatchMaximumTask,
}
