using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>What a checkpoint says of one tensor. Checked against the file when it was opened.</summary>
/// <param name="Name">The tensor's name, unique in the file.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
public record CheckpointEntry(string Name, ScalarType Type, IReadOnlyList<long> Shape);
