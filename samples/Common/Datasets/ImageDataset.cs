namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Images to learn and images to be judged by.</summary>
/// <param name="Name">What to call the data set.</param>
/// <param name="Train">Columns <c>Image</c> and <c>Label</c> (text).</param>
/// <param name="Test">The same columns.</param>
/// <param name="Classes">The labels: in the data set's own order where it numbers its classes, else in ordinal order.</param>
/// <param name="TrainCount">The rows of <paramref name="Train"/>.</param>
/// <param name="TestCount">The rows of <paramref name="Test"/>.</param>
public sealed record ImageDataset(string Name, IDataView Train, IDataView Test, IReadOnlyList<string> Classes, int TrainCount, int TestCount)
{
    /// <summary>Names of classes by label, where a label is not a name; empty where labels are names.</summary>
    public IReadOnlyDictionary<string, string> ClassNames { get; init; } = new Dictionary<string, string>();

    /// <summary>The files that cannot be decoded and were left out; layouts that are known to have such files look for them.</summary>
    public int SkippedFiles { get; init; }

    /// <summary>A line for a person.</summary>
    public override string ToString() => $"{Name}: {Classes.Count} classes, {TrainCount} training and {TestCount} test images" + (SkippedFiles > 0 ? $", {SkippedFiles} unreadable files left out" : "");
}
