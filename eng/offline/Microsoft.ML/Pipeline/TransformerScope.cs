namespace Microsoft.ML.Data;

/// <summary>When a member of a chain takes part.</summary>
[Flags]
public enum TransformerScope
{
    /// <summary>Never.</summary>
    None = 0,

    /// <summary>While fitting.</summary>
    Training = 1,

    /// <summary>While evaluating.</summary>
    Testing = 2,

    /// <summary>While predicting.</summary>
    Scoring = 4,

    /// <summary>While fitting and evaluating.</summary>
    TrainTest = Training | Testing,

    /// <summary>Always.</summary>
    Everything = Training | Testing | Scoring,
}
