using Microsoft.ML.Continual.Methods.FineTuning;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>An affine map of the logits of the classes that one task brought: α z + β. All others stay.</summary>
/// <param name="Alpha">α.</param>
/// <param name="Beta">β.</param>
/// <param name="First">The first class it holds for.</param>
/// <param name="End">The class after the last.</param>
internal sealed record BiasCorrection(double Alpha, double Beta, int First, int End)
{
    /// <summary>No correction.</summary>
    public static BiasCorrection None { get; } = new(1, 0, 0, 0);

    /// <summary>The weights of a classifier that gives corrected logits: frozen copies, [C, D] and [C], that are the caller's.</summary>
    public (Tensor Weight, Tensor Bias) Apply(ClassifierHead head)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor weight = head.Weight.detach().clone(), bias = head.Bias.detach().clone();
        if (End > First)
        {
            weight.narrow(0, First, End - First).mul_(Alpha);
            bias.narrow(0, First, End - First).mul_(Alpha).add_(Beta);
        }
        return (weight.DetachFromDisposeScope(), bias.DetachFromDisposeScope());
    }
}
