namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>How much of a data set to use.</summary>
/// <param name="ClassCount">Use this many classes, the first in ordinal order of their labels; null uses all.</param>
/// <param name="TrainPerClass">At most so many training images a class, chosen at random; null uses all.</param>
/// <param name="TestPerClass">At most so many test images a class, chosen at random; null uses all.</param>
/// <param name="Seed">Chooses the images, and the split where a folder has none.</param>
public sealed record DatasetOptions(int? ClassCount = null, int? TrainPerClass = null, int? TestPerClass = null, int Seed = 0);
