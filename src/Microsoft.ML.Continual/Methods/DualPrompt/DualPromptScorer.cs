using Microsoft.ML.Continual.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Methods.DualPrompt;

/// <summary>A frozen copy of prompts, keys and classifier.</summary>
internal sealed class DualPromptScorer : IScorer
{
    private readonly VisionTransformer _backbone;
    private readonly DualPromptOptions _options;
    private readonly DualPromptTensors _tensors;
    private readonly Tensor _headWeight, _headBias;

    public DualPromptScorer(VisionTransformer backbone, DualPromptOptions options, DualPromptTensors tensors, ClassifierHead head)
    {
        (_backbone, _options) = (backbone, options);
        _tensors = new DualPromptTensors(tensors.GPrompts is { } general ? TrainableTensor.Freeze(general) : null, TrainableTensor.Freeze(tensors.EPrompts), TrainableTensor.Freeze(tensors.Keys));
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
    internal DualPromptPass Run(Tensor images)
    {
        using IDisposable frozen = no_grad();
        Tensor patches = _backbone.EmbedPatches(images);
        return DualPromptNetwork.Run(_backbone, _options, _tensors, patches, _backbone.ClassFeatureFromPatches(patches), _options.PredictionSelection, null);
    }

    public void Dispose()
    {
        _tensors.GPrompts?.Dispose();
        _tensors.EPrompts.Dispose();
        _tensors.Keys.Dispose();
        _headWeight.Dispose();
        _headBias.Dispose();
    }
}
