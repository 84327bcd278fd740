using System.Runtime.InteropServices;

namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>One half of a policy's pair.</summary>
/// <param name="Operation">What may be done.</param>
/// <param name="Probability">How often, in [0, 1].</param>
/// <param name="Level">How strongly, 0 to 9; operations without a magnitude do not look at it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AugmentStep(AugmentOperation Operation, double Probability, int Level = 0);
