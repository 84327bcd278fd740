using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.RanPac;

/// <summary>
/// RanPAC (McDonnell et al., "RanPAC: Random Projections and Pre-trained Models for Continual Learning", NeurIPS 2023): features h of the frozen network are widened at random, φ = relu(h W), and classified by a ridge
/// regression in closed form, (G + λ I)⁻¹ Q with G = Σ φᵀφ and Q = Σ φᵀy over the images of all tasks. Before that, the network can be adapted to the first task's classes.
/// </summary>
/// <remarks>
/// <para>Without a <see cref="FirstSession"/> nothing is trained by gradients, and nothing is forgotten but by competition: for a given λ the result does not depend on the order or the split of the tasks (up to rounding
/// in float64). A class that comes again adds to its sums. The class probabilities are the softmax of the regression's predictions, which lie about 0 and 1: right in their order, not calibrated.</para>
/// <para>With one, <see cref="UseFirstSession"/> and the recipes set how it is trained. Epochs, optimiser, rate and training view are the first session's; later tasks are passed over once. The published adapter drops a tenth of
/// its inner values in training; this one does not.</para>
/// <para>Memory: G takes 8 M² bytes, 800 MB at the default M, in the trainer's state, in its file, and in every model that is kept, which shares the state after its task. A <c>Fit</c> needs about four times as much.
/// M = 2000 takes 32 MB.</para>
/// </remarks>
public sealed class RanPacOptions : MethodOptions
{
    /// <summary>The defaults: no first session.</summary>
    public RanPacOptions()
    {
    }

    /// <summary>The configuration of an experiment: of the authors' code for CIFAR-100, of another widely used implementation (PILOT) for ImageNet-R, where the authors adapt otherwise.</summary>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public RanPacOptions(Recipe recipe)
    {
        UseFirstSession();
        switch (recipe)
        {
            case Recipe.SplitCifar100 or Recipe.SplitCifar100In20Tasks:
                break;
            case Recipe.SplitImageNetR:
                (LearningRate, WeightDecay, BatchSize, Epochs) = (0.05, 5e-3, 16, 10);
                break;
            default:
                throw new ArgumentException($"RanPAC has no recipe {recipe}.", nameof(recipe));
        }
    }

    /// <summary>How the network is adapted to the first task's classes.</summary>
    /// <value>The default is <see cref="FirstSession.None"/>.</value>
    public FirstSession FirstSession { get; set; } = FirstSession.None;

    /// <summary>The width r of the first session's adapters.</summary>
    /// <value>The default is 64.</value>
    public int AdapterWidth { get; set; } = 64;

    /// <summary>The number M of random features; 0 uses the network's features as they are.</summary>
    /// <value>The default is 10000.</value>
    public int ProjectionWidth { get; set; } = 10000;

    /// <summary>
    /// The ridge λ. Null chooses it anew in each task, among 10⁻⁸, 10⁻⁷, … 10⁸: the one whose regression on four fifths of the task's images, drawn at random, predicts the rest with the least squared error.
    /// Choosing needs an eigendecomposition as large as the number of these images, or M where that is smaller.
    /// </summary>
    /// <value>The default is null.</value>
    public double? Ridge { get; set; }

    /// <summary>How features are compared with the classes' weights.</summary>
    /// <value>The default is <see cref="RidgeScoring.Linear"/>.</value>
    public RidgeScoring Scoring { get; set; } = RidgeScoring.Linear;

    /// <summary>Passes over the first task's images in the first session. Without one, one pass sees everything, and no other number is accepted.</summary>
    /// <value>The default is 1.</value>
    public override int Epochs { get; set; } = 1;

    /// <summary>Images put through the network together.</summary>
    /// <value>The default is 64.</value>
    public override int BatchSize { get; set; } = 64;

    /// <summary>The first session's learning rate.</summary>
    /// <value>The default is 0.01.</value>
    public override double LearningRate { get; set; } = 0.01;

    /// <inheritdoc/>
    /// <value>The default is false.</value>
    public override bool ScaleLearningRateByBatch { get; set; }

    /// <inheritdoc/>
    /// <value>The default is null.</value>
    public override double? MaximumGradientNorm { get; set; }

    /// <summary>How images are cut in the first session; the regression is over images as in prediction. Without a first session no other view is accepted.</summary>
    /// <value>The default is <see cref="TrainingView.Deterministic"/>.</value>
    public override TrainingView TrainingView { get; set; } = TrainingView.Deterministic;

    /// <summary>Adapts the network to the first task as the authors' code does for CIFAR-100: adapters, trained by SGD with a cosine schedule from 0.01 to 0 and weight decay 5e-4, 20 passes over random crops in batches of 48.</summary>
    /// <returns>These options.</returns>
    public RanPacOptions UseFirstSession()
    {
        (FirstSession, Epochs, BatchSize, LearningRate) = (FirstSession.Adapter, 20, 48, 0.01);
        (Optimizer, Momentum, WeightDecay, Schedule) = (OptimizerKind.Sgd, 0.9, 5e-4, LearningRateSchedule.Cosine);
        TrainingView = TrainingView.RandomResizedCrop;
        return this;
    }

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new RanPacMethod((RanPacOptions)Clone(), random);
    }

    internal override IEnumerable<SizedTensor> SizedTensors
    {
        get
        {
            VisionTransformerConfig config = ((VisionTransformer)Backbone!).Config;
            (long, string?) projection = (ProjectionWidth == 0 ? config.Width : ProjectionWidth, nameof(ProjectionWidth));
            (long, string?) adapter = (AdapterWidth, nameof(AdapterWidth)), depth = (config.Depth, null), width = (config.Width, null);
            SizedTensor gram = new("gram", projection, projection);
            return FirstSession == FirstSession.None ? [gram]
                : [gram, new("adapter.down.weight", depth, adapter, width), new("adapter.down.bias", depth, adapter), new("adapter.up.weight", depth, width, adapter)];
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Backbone is VisionTransformer, nameof(Backbone), "a vision transformer", Backbone?.Architecture);
        OptionCheck.Require(Enum.IsDefined(FirstSession), nameof(FirstSession), "a known adaptation", FirstSession);
        OptionCheck.Require(AdapterWidth >= 1, nameof(AdapterWidth), "at least 1", AdapterWidth);
        OptionCheck.Require(ProjectionWidth >= 0, nameof(ProjectionWidth), "0 or more", ProjectionWidth);
        OptionCheck.Require(Ridge is null or > 0 and < double.PositiveInfinity, nameof(Ridge), "a positive number, or null", Ridge);
        OptionCheck.Require(Enum.IsDefined(Scoring), nameof(Scoring), "a known scoring", Scoring);
        if (FirstSession != FirstSession.None) return;
        OptionCheck.Require(Epochs == 1, nameof(Epochs), $"1, for without a {nameof(FirstSession)} the sums are complete after one pass", Epochs);
        OptionCheck.Require(TrainingView.IsDeterministic, nameof(TrainingView), $"TrainingView.Deterministic, for without a {nameof(FirstSession)} there are only images as in prediction", TrainingView);
    }
}
