using Microsoft.ML.Continual.Methods.FineTuning;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>Scores by the means of remembered images: the negative squared distance between unit features and unit means, which orders classes as their product does.</summary>
internal sealed class ExemplarMeanScorer(FrozenNetwork network, Tensor means) : IScorer
{
    public int ClassCount => (int)means.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        Tensor features = ExemplarMethod.Unit(network.Features(images));                            // [B, D]
        return (2 * nn.functional.linear(features, means) - 2).MoveToOuterDisposeScope();           // −‖x − m‖² of unit vectors: [B, C]
    }

    public void Dispose()
    {
        network.Dispose();
        means.Dispose();
    }
}
