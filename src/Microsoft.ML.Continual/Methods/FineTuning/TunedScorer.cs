using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>A frozen copy of a trained network and its classifier. All three are this scorer's.</summary>
internal sealed class TunedScorer(FrozenNetwork network, Tensor weight, Tensor bias) : IScorer
{
    public int ClassCount => (int)weight.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return nn.functional.linear(network.Features(images), weight, bias).MoveToOuterDisposeScope();   // [B, D] -> [B, C]
    }

    public void Dispose()
    {
        network.Dispose();
        weight.Dispose();
        bias.Dispose();
    }
}
