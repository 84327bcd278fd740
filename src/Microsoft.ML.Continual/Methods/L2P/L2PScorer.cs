using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.L2P;

/// <summary>A frozen copy of prompts, keys and classifier.</summary>
internal sealed class L2PScorer : IScorer
{
    private readonly VisionTransformer _backbone;
    private readonly L2POptions _options;
    private readonly Tensor _prompts, _keys, _headWeight, _headBias;

    public L2PScorer(VisionTransformer backbone, L2POptions options, Tensor prompts, Tensor keys, ClassifierHead head)
    {
        (_backbone, _options) = (backbone, options);
        _prompts = TrainableTensor.Freeze(prompts);
        _keys = TrainableTensor.Freeze(keys);
        _headWeight = TrainableTensor.Freeze(head.Weight);
        _headBias = TrainableTensor.Freeze(head.Bias);
    }

    public int ClassCount => (int)_headWeight.shape[0];

    public Tensor Score(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return nn.functional.linear(Run(images).Features, _headWeight, _headBias).MoveToOuterDisposeScope();
    }

    /// <summary>The forward pass of <see cref="Score"/>, for tests.</summary>
    internal L2PPass Run(Tensor images)
    {
        using IDisposable frozen = no_grad();
        Tensor patches = _backbone.EmbedPatches(images);
        Tensor queries = L2PNetwork.Queries(_backbone, _options.Query, patches);
        return L2PNetwork.Run(_backbone, _options, _prompts, _keys, patches, queries, _options.PredictionSelection, null);
    }

    public void Dispose()
    {
        _prompts.Dispose();
        _keys.Dispose();
        _headWeight.Dispose();
        _headBias.Dispose();
    }
}
