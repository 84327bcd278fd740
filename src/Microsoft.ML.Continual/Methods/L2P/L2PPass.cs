using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.L2P;

/// <summary>One forward pass of L2P with everything worth looking at.</summary>
/// <param name="Similarity">[B, M] cosine of queries and keys.</param>
/// <param name="Selected">int64 [B, k], or [1, k] when all images use the same prompts.</param>
/// <param name="SelectedMask">[B or 1, k, M] bool, the same as one-hot rows.</param>
/// <param name="PromptTokens">[B, k·L, D], or [k·L, D] when all images use the same prompts.</param>
/// <param name="Features">[B, D] float32, the classifier's input.</param>
internal sealed record L2PPass(Tensor Similarity, Tensor Selected, Tensor SelectedMask, Tensor PromptTokens, Tensor Features);
