namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>A line of a list of images.</summary>
/// <param name="Path">The file, below the list's root, with forward slashes.</param>
/// <param name="Number">The class's number in the list; null where the list has none.</param>
internal readonly record struct ListedImage(string Path, int? Number)
{
    /// <summary>The class: the folder that the file lies in.</summary>
    public string Class => Path.Split('/')[^2];
}
