using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>DualPrompt's prompts and keys, trained or frozen. H is heads, d = D / H.</summary>
/// <param name="GPrompts">[G blocks, 2, L, H, d] with keys before values, or [G blocks, L, D] by prompt tuning; null without G-prompts.</param>
/// <param name="EPrompts">[E blocks, 2, M, L, H, d], or [E blocks, M, L, D] by prompt tuning.</param>
/// <param name="Keys">[M, D].</param>
internal sealed record DualPromptTensors(Tensor? GPrompts, Tensor EPrompts, Tensor Keys);
