using Microsoft.ML.Continual.Backbones;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>
/// What the options of methods share that train the network itself, not small parts beside it. A method has float32 copies of the backbone's weights of its own: the backbone stays frozen and may be
/// shared with other methods.
/// </summary>
/// <remarks>A trainer's state and each of its models hold the trained weights: 4 bytes each, 343 MB for a ViT-B/16. With a bfloat16 backbone the method computes in float32 all the same.</remarks>
public abstract class NetworkTuningOptions : MethodOptions
{
    /// <summary>The number of last blocks that train, together with the norm after them; 0 trains the classifier alone, null the whole network with patch embedding, class token and positions.</summary>
    /// <value>The default is null.</value>
    public int? TrainableBlocks { get; set; }

    /// <summary>What the learning rate is multiplied by for the network's weights; the classifier has the full rate. In (0, 1].</summary>
    /// <value>The default is 1.</value>
    public virtual double BackboneLearningRateScale { get; set; } = 1;

    /// <inheritdoc/>
    /// <value>The default is 20.</value>
    public override int Epochs { get; set; } = 20;

    /// <inheritdoc/>
    /// <value>The default is 128.</value>
    public override int BatchSize { get; set; } = 128;

    /// <inheritdoc/>
    /// <value>The default is 5e-5.</value>
    public override double LearningRate { get; set; } = 5e-5;

    /// <inheritdoc/>
    /// <value>The default is false.</value>
    public override bool ScaleLearningRateByBatch { get; set; }

    /// <inheritdoc/>
    /// <value>The default is null.</value>
    public override double? MaximumGradientNorm { get; set; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        int depth = ((VisionTransformer)Backbone!).Config.Depth;
        OptionCheck.Require(TrainableBlocks is null || TrainableBlocks >= 0 && TrainableBlocks <= depth, nameof(TrainableBlocks), $"0 to {depth}, the backbone's blocks, or null", TrainableBlocks);
        OptionCheck.Require(BackboneLearningRateScale is > 0 and <= 1, nameof(BackboneLearningRateScale), "in (0, 1]", BackboneLearningRateScale);
    }
}
