using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>A storage that stands outside the pickle.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Type">The type of its elements; null for bytes.</param>
/// <param name="Count">The number of its elements.</param>
internal sealed record StorageReference(string Key, ScalarType? Type, long Count);
