using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods;

/// <summary>A frozen copy of what a method has learned: scores images and never changes. Safe to call from several threads.</summary>
public interface IScorer : IDisposable
{
    /// <summary>The number of classes C it scores.</summary>
    int ClassCount { get; }

    /// <summary>Scores a batch without gradient.</summary>
    /// <param name="images">[B, 3, S, S] as <see cref="Data.ImageBatch.Images"/>.</param>
    /// <returns>[B, C] float32 logits, on the backbone's device, in the caller's dispose scope.</returns>
    Tensor Score(Tensor images);
}
