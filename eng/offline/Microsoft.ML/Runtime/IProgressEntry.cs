namespace Microsoft.ML.Runtime;

/// <summary>One line of progress, to be filled.</summary>
public interface IProgressEntry
{
    /// <summary>How far a unit has come.</summary>
    void SetProgress(int index, double value);

    /// <summary>How far a unit has come, of how much.</summary>
    void SetProgress(int index, double value, double lim);

    /// <summary>The value of a metric.</summary>
    void SetMetric(int index, double value);
}
