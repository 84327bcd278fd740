using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Checkpoints.Pickle;

/// <summary>A global that a pickle may name.</summary>
/// <param name="Name">Module and name, with a dot between.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Type">The element type of a storage, or the element type itself; null for a storage of bytes and for everything else.</param>
internal sealed record PickleGlobal(string Name, PickleGlobalKind Kind, ScalarType? Type = null);
