using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.CodaPrompt;

/// <summary>One block's components, trained or frozen.</summary>
/// <param name="Block">The block.</param>
/// <param name="Prompts">P, [M, L, D].</param>
/// <param name="Keys">K, [M, D].</param>
/// <param name="Attention">A, [M, D].</param>
internal sealed record ComponentTensors(int Block, Tensor Prompts, Tensor Keys, Tensor Attention);
