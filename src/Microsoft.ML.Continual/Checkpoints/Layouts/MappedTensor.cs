using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Layouts;

/// <summary>A tensor of a network that stands in a file, perhaps under another name, in another order, or in several parts.</summary>
/// <param name="Name">The network's name for it.</param>
/// <param name="Type">The type of its elements in the file.</param>
/// <param name="Shape">The shape that the network sees.</param>
/// <param name="Sources">The file's names for it.</param>
/// <param name="Conversion">What turns those into it.</param>
internal sealed record MappedTensor(string Name, ScalarType Type, IReadOnlyList<long> Shape, IReadOnlyList<string> Sources, Conversion Conversion);
