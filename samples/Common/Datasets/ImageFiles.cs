namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>What a layout's reader found. Test images stay in this order: the files', and class after class where each image is a file.</summary>
internal sealed record ImageFiles(string Layout, IReadOnlyList<LabeledImage> Train, IReadOnlyList<LabeledImage> Test);
