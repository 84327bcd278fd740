namespace Microsoft.ML.Runtime;

/// <summary>The names of the columns of a progress report.</summary>
public sealed class ProgressHeader
{
    /// <summary>What is measured, for example the loss.</summary>
    public readonly IReadOnlyList<string> MetricNames;

    /// <summary>What is counted, for example epochs.</summary>
    public readonly IReadOnlyList<string> UnitNames;

    /// <param name="metricNames">What is measured.</param>
    /// <param name="unitNames">What is counted.</param>
    public ProgressHeader(string[] metricNames, string[] unitNames)
    {
        MetricNames = metricNames ?? [];
        UnitNames = unitNames ?? [];
    }

    /// <param name="unitNames">What is counted.</param>
    public ProgressHeader(params string[] unitNames) : this(null, unitNames)
    {
    }
}
