namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>What a layout's reader found. Test images stay in this order: the files', and class after class where each image is a file.</summary>
internal sealed record ImageFiles(string Layout, IReadOnlyList<LabeledImage> Train, IReadOnlyList<LabeledImage> Test)
{
    /// <summary>The labels in the data set's own order; null for the ordinal one.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>Names of classes by label, where a label is not a name.</summary>
    public IReadOnlyDictionary<string, string> ClassNames { get; init; } = new Dictionary<string, string>();

    /// <summary>The files that cannot be decoded and were left out.</summary>
    public int SkippedFiles { get; init; }
}
