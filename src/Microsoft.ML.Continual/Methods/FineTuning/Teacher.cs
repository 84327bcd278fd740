using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>The network and classifier as they were before a task, frozen. Where the network does not train, the classifier alone.</summary>
internal sealed class Teacher : IDisposable
{
    private readonly FrozenNetwork? _network;
    private readonly Tensor _weight, _bias;

    public Teacher(TrainableNetwork network, ClassifierHead head)
        : this(network, TrainableTensor.Freeze(head.Weight), TrainableTensor.Freeze(head.Bias))
    {
    }

    /// <summary>Takes over a classifier.</summary>
    /// <param name="network">The network, which is copied.</param>
    /// <param name="weight">[n, D], this teacher's from now on.</param>
    /// <param name="bias">[n], the same.</param>
    public Teacher(TrainableNetwork network, Tensor weight, Tensor bias)
    {
        _network = network.Parameters.Count == 0 ? null : network.Freeze();
        (_weight, _bias) = (weight, bias);
    }

    /// <summary>The old logits of a batch, without gradient: [B, n] in the caller's dispose scope.</summary>
    /// <param name="images">[B, 3, S, S].</param>
    /// <param name="features">[B, D]: what the network makes of them now, which is the teacher's too where the network does not train.</param>
    public Tensor Logits(Tensor images, Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable frozen = no_grad();
        return nn.functional.linear(_network?.Features(images) ?? features.detach(), _weight, _bias).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _network?.Dispose();
        _weight.Dispose();
        _bias.Dispose();
    }
}
