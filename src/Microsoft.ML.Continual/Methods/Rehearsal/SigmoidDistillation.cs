using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>iCaRL's loss as the paper has it.</summary>
internal static class SigmoidDistillation
{
    /// <summary>What each output should be: σ of the old network's for old classes, whatever the image's label; 1 for the label among new classes, else 0.</summary>
    /// <param name="teacher">[B, n], or null in the first task.</param>
    /// <param name="labels">[B] int64.</param>
    /// <param name="classCount">C.</param>
    /// <returns>[B, C] float32 in the caller's dispose scope.</returns>
    public static Tensor Targets(Tensor? teacher, Tensor labels, int classCount)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor hard = labels.unsqueeze(1).eq(arange(classCount, ScalarType.Int64, labels.device).unsqueeze(0)).to(ScalarType.Float32);   // [B, C]
        if (teacher is null) return hard.MoveToOuterDisposeScope();
        long n = teacher.shape[1];
        return cat([teacher.sigmoid(), hard.narrow(1, n, classCount - n)], 1).MoveToOuterDisposeScope();
    }

    /// <summary>The binary cross-entropy, a mean over images and outputs.</summary>
    /// <param name="teacher">[B, n], or null in the first task.</param>
    /// <param name="logits">[B, C].</param>
    /// <param name="labels">[B] int64.</param>
    public static Tensor Loss(Tensor? teacher, Tensor logits, Tensor labels) =>
        nn.functional.binary_cross_entropy_with_logits(logits, Targets(teacher, labels, (int)logits.shape[1]));
}
