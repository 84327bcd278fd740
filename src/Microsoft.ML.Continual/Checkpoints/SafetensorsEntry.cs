using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints;

/// <summary>An entry of a safetensors file, with the place of its bytes.</summary>
/// <param name="Name">The tensor's name, unique in the file.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Offset">Where its bytes begin, counted from the start of the file.</param>
/// <param name="ByteCount">The number of its bytes: elements times element size.</param>
internal sealed record SafetensorsEntry(string Name, ScalarType Type, IReadOnlyList<long> Shape, long Offset, long ByteCount) : CheckpointEntry(Name, Type, Shape);
