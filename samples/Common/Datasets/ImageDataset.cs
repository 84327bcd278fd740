namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>Images to learn and images to be judged by.</summary>
/// <param name="Name">What to call the data set.</param>
/// <param name="Train">Columns <c>Image</c> and <c>Label</c> (text).</param>
/// <param name="Test">The same columns.</param>
/// <param name="Classes">The labels, in ordinal order.</param>
/// <param name="TrainCount">The rows of <paramref name="Train"/>.</param>
/// <param name="TestCount">The rows of <paramref name="Test"/>.</param>
public sealed record ImageDataset(string Name, IDataView Train, IDataView Test, IReadOnlyList<string> Classes, int TrainCount, int TestCount)
{
    /// <summary>A line for a person.</summary>
    public override string ToString() => $"{Name}: {Classes.Count} classes, {TrainCount} training and {TestCount} test images";
}
