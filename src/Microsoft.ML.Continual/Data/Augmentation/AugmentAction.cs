using System.Runtime.InteropServices;

namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>An operation that was drawn for an image.</summary>
/// <param name="Operation">What is done.</param>
/// <param name="Magnitude">How strongly, signed, in the operation's unit.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AugmentAction(AugmentOperation Operation, double Magnitude);
