using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>A frozen copy of a <see cref="TrainableNetwork"/>: for prediction, and as the teacher of a later task. Passes may run on several threads.</summary>
/// <param name="network">The network over those weights.</param>
/// <param name="owned">The weights that are this copy's alone; the rest are the backbone's.</param>
internal sealed class FrozenNetwork(VisionTransformer network, IReadOnlyList<Tensor> owned) : IDisposable
{
    /// <summary>The class token after the final norm, without gradient: [B, 3, S, S] -> [B, D] float32.</summary>
    public Tensor Features(Tensor images) => network.ClassFeature(images);

    public void Dispose()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Tensor weight in owned) weight.Dispose();
    }
}
