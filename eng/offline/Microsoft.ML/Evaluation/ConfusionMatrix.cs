using System.Text;

namespace Microsoft.ML.Data;

/// <summary>The counts of rows by true class (rows of the matrix) and predicted class (columns).</summary>
public sealed class ConfusionMatrix
{
    private readonly string[] _names;

    internal ConfusionMatrix(double[][] counts, string[] names)
    {
        _names = names;
        Counts = counts;
        PerClassRecall = [.. counts.Select((row, i) => Share(row[i], row.Sum()))];
        PerClassPrecision = [.. counts.Select((row, i) => Share(row[i], counts.Sum(other => other[i])))];
    }

    /// <summary>By class: of the rows predicted as it, the share that is; 0 where none is.</summary>
    public IReadOnlyList<double> PerClassPrecision { get; }

    /// <summary>By class: of its rows, the share that is predicted as it; 0 where it has none.</summary>
    public IReadOnlyList<double> PerClassRecall { get; }

    /// <summary>The counts, first by true class, then by predicted class.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Counts { get; }

    /// <summary>The number of classes.</summary>
    public int NumberOfClasses => Counts.Count;

    /// <summary>The number of rows of one class that were predicted as another.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside the classes.</exception>
    public double GetCountForClassPair(int predictedClassIndicatorIndex, int actualClassIndicatorIndex)
    {
        const string Message = "Invalid index. Should be non-negative, less than the number of classes.";
        Errors.CheckParam(predictedClassIndicatorIndex >= 0 && predictedClassIndicatorIndex < NumberOfClasses, nameof(predictedClassIndicatorIndex), Message);
        Errors.CheckParam(actualClassIndicatorIndex >= 0 && actualClassIndicatorIndex < NumberOfClasses, nameof(actualClassIndicatorIndex), Message);
        return Counts[actualClassIndicatorIndex][predictedClassIndicatorIndex];
    }

    /// <summary>The matrix as text, with recall by row and precision by column.</summary>
    public string GetFormattedConfusionTable()
    {
        int width = Math.Max(8, _names.Max(name => name.Length) + 2);
        var text = new StringBuilder("Confusion table\n").Append("TRUTH \\ PREDICTED".PadRight(Math.Max(width, 18)));
        foreach (string name in _names)
            text.Append('|').Append(name.PadLeft(width));
        text.AppendLine("| Recall");
        for (int i = 0; i < NumberOfClasses; i++)
        {
            text.Append(_names[i].PadRight(Math.Max(width, 18)));
            foreach (double count in Counts[i])
                text.Append('|').Append($"{count:N0}".PadLeft(width));
            text.AppendLine($"| {PerClassRecall[i]:F4}");
        }
        text.Append("Precision".PadRight(Math.Max(width, 18)));
        foreach (double precision in PerClassPrecision)
            text.Append('|').Append($"{precision:F4}".PadLeft(width));
        return text.AppendLine("|").ToString();
    }

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
