using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Data;

/// <summary>One mini-batch on the device, ready for the backbone. Its tensors belong to whoever made it; those of an epoch live until the next batch is asked for.</summary>
/// <param name="Images">[B, 3, S, S] in the backbone's compute type, augmented and normalised.</param>
/// <param name="Labels">[B] int64 class indices of the registry.</param>
/// <param name="Rows">The position of each image in its data set, 0-based: the key of cached features.</param>
/// <param name="IsDeterministic">Whether the view of a row is the same every time, so that features of the frozen backbone may be cached by row.</param>
public sealed record ImageBatch(Tensor Images, Tensor Labels, IReadOnlyList<int> Rows, bool IsDeterministic);
