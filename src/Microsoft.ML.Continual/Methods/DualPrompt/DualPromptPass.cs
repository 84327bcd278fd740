using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>One forward pass of DualPrompt with everything worth looking at.</summary>
/// <param name="Similarity">[B, M] cosine of queries and keys.</param>
/// <param name="Selected">int64 [B, k], or [1, k] when all images use the same E-prompts.</param>
/// <param name="SelectedMask">[B or 1, k, M] bool, the same as one-hot rows.</param>
/// <param name="Features">[B, D] float32, the classifier's input.</param>
internal sealed record DualPromptPass(Tensor Similarity, Tensor Selected, Tensor SelectedMask, Tensor Features);
