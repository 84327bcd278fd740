namespace Microsoft.ML.Continual.Evaluation;

/// <summary>What the model is told about a test image.</summary>
public enum EvaluationSetting
{
    /// <summary>Nothing: it chooses among all classes seen so far.</summary>
    ClassIncremental,

    /// <summary>The task the image comes from: it chooses among the classes of that task's training rows only.</summary>
    TaskIncremental,
}
