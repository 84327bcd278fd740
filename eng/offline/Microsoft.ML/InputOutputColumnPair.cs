namespace Microsoft.ML;

/// <summary>An output column and the input column it comes from.</summary>
public sealed class InputOutputColumnPair
{
    /// <param name="outputColumnName">The output column.</param>
    /// <param name="inputColumnName">The input column; null for the same name.</param>
    public InputOutputColumnPair(string outputColumnName, string inputColumnName = null)
    {
        Errors.CheckNonEmpty(outputColumnName, nameof(outputColumnName));
        OutputColumnName = outputColumnName;
        InputColumnName = inputColumnName ?? outputColumnName;
    }

    /// <summary>The output column.</summary>
    public string OutputColumnName { get; }

    /// <summary>The input column.</summary>
    public string InputColumnName { get; }

    internal static (string Output, string Input)[] ToTuples(InputOutputColumnPair[] columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        return [.. columns.Select(pair => (pair.OutputColumnName, pair.InputColumnName))];
    }
}
