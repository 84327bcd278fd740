namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>The training loss of iCaRL.</summary>
public enum ICarlLoss
{
    /// <summary>Cross-entropy over all classes seen, of the task's and the remembered images, plus distillation between softened softmax outputs: what later programs use.</summary>
    SoftmaxDistillation,

    /// <summary>The paper's: sigmoid outputs whose targets are the old network's for old classes and the label for new ones; binary cross-entropy, a mean over images and classes.</summary>
    SigmoidBinary,
}
