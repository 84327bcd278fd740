namespace Microsoft.ML.Continual.Methods;

/// <summary>Which classes compete in the training loss. Prediction always compares all classes seen.</summary>
public enum ClassMask
{
    /// <summary>Only the classes of the task being trained, as in L2P and its followers: the classifier's rows of other tasks receive no gradient at all.</summary>
    CurrentTask,

    /// <summary>All classes seen so far. Rows of old classes receive gradients although none of their images is there.</summary>
    SeenClasses,
}
