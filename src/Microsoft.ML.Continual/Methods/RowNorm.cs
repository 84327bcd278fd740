using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>A frozen layer norm that rows go through before they are read. The backbone owns the tensors.</summary>
/// <param name="Weight">[D].</param>
/// <param name="Bias">[D].</param>
/// <param name="Epsilon">ε.</param>
public sealed record RowNorm(Tensor Weight, Tensor Bias, double Epsilon);
