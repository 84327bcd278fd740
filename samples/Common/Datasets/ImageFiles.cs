namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>What a layout's reader found.</summary>
internal sealed record ImageFiles(string Layout, IReadOnlyList<LabeledImage> Train, IReadOnlyList<LabeledImage> Test);
