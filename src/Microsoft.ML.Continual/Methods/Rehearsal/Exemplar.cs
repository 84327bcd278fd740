using Microsoft.ML.Continual.Data;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>An image that a method remembers, as it came: decoded, of its own size, without augmentation.</summary>
/// <param name="Image">The pixels.</param>
/// <param name="Label">The class index.</param>
/// <param name="Task">The task it came with, 0-based.</param>
internal sealed record Exemplar(HostImage Image, int Label, int Task);
