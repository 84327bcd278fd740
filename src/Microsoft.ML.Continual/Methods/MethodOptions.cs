using Microsoft.ML.Continual.Backbones;
using Microsoft.ML.Continual.Data;

namespace Microsoft.ML.Continual.Methods;

/// <summary>What every method's options share: columns, views, optimiser and schedule. Validated when the trainer is made.</summary>
public abstract class MethodOptions
{
    /// <summary>The frozen network to adapt. Required; shared, never disposed by the trainer.</summary>
    /// <value>The default is null, which no trainer accepts.</value>
    public Backbone? Backbone { get; set; }

    /// <summary>The column of images: <c>MLImage</c>, or a vector of bytes (0–255) or floats (0–1) in the order channel, row, column.</summary>
    /// <value>The default is <c>Image</c>.</value>
    public string ImageColumnName { get; set; } = "Image";

    /// <summary>The column of labels: a key, text or a number. Classes are identified by the label's value.</summary>
    /// <value>The default is <c>Label</c>.</value>
    public string LabelColumnName { get; set; } = "Label";

    /// <summary>The output column of the class probabilities.</summary>
    /// <value>The default is <c>Score</c>.</value>
    public string ScoreColumnName { get; set; } = "Score";

    /// <summary>The output column of the predicted class, a key whose values are the labels.</summary>
    /// <value>The default is <c>PredictedLabel</c>.</value>
    public string PredictedLabelColumnName { get; set; } = "PredictedLabel";

    /// <summary>Passes over a task's images.</summary>
    /// <value>The default is 5.</value>
    public virtual int Epochs { get; set; } = 5;

    /// <summary>Images a training step. The last batch of an epoch may be smaller.</summary>
    /// <value>The default is 16.</value>
    public virtual int BatchSize { get; set; } = 16;

    /// <summary>The base learning rate; see <see cref="ScaleLearningRateByBatch"/>.</summary>
    /// <value>The default is 0.03.</value>
    public virtual double LearningRate { get; set; } = 0.03;

    /// <summary>The base learning rate of a trainer's first task, where it has its own.</summary>
    /// <value>The default is null: <see cref="LearningRate"/>.</value>
    public double? FirstTaskLearningRate { get; set; }

    /// <summary>Whether the rate used is <c>LearningRate · BatchSize / 256</c>, as in the released code of L2P and its followers.</summary>
    /// <value>The default is true.</value>
    public virtual bool ScaleLearningRateByBatch { get; set; } = true;

    /// <summary>The optimiser, made anew for each task.</summary>
    /// <value>The default is <see cref="OptimizerKind.Adam"/> (β 0.9 and 0.999, ε 1e-8).</value>
    public OptimizerKind Optimizer { get; set; } = OptimizerKind.Adam;

    /// <summary>The momentum of <see cref="OptimizerKind.Sgd"/>; Adam does not use it.</summary>
    /// <value>The default is 0.9.</value>
    public double Momentum { get; set; } = 0.9;

    /// <summary>Weight decay, added to the gradient (AdamW: decoupled).</summary>
    /// <value>The default is 0.</value>
    public double WeightDecay { get; set; }

    /// <summary>The weight decay of a trainer's first task, where it has its own.</summary>
    /// <value>The default is null: <see cref="WeightDecay"/>.</value>
    public double? FirstTaskWeightDecay { get; set; }

    /// <summary>How the learning rate runs over a task.</summary>
    /// <value>The default is <see cref="LearningRateSchedule.Constant"/>.</value>
    public virtual LearningRateSchedule Schedule { get; set; } = LearningRateSchedule.Constant;

    /// <summary>Where the cosine schedules end; not scaled by the batch. A cosine goes on beyond a task's epochs in a method's further ones, and rises again.</summary>
    /// <value>The default is 0.</value>
    public double MinimumLearningRate { get; set; }

    /// <summary>With <see cref="LearningRateSchedule.Steps"/>: the shares of the epochs, in [0, 1), after which the rate falls. With 10 epochs 0.4 is before the fifth.</summary>
    /// <value>The default is empty.</value>
    public IReadOnlyList<double> DecayAt { get; set; } = [];

    /// <summary>With <see cref="LearningRateSchedule.Steps"/>: what the rate is multiplied by each time, in (0, 1].</summary>
    /// <value>The default is 0.1.</value>
    public double DecayFactor { get; set; } = 0.1;

    /// <summary>The largest global norm of the gradients of all parameters together; null does not clip.</summary>
    /// <value>The default is 1.</value>
    public virtual double? MaximumGradientNorm { get; set; } = 1.0;

    /// <summary>How training images are cut, flipped and augmented.</summary>
    /// <value>The default is <see cref="TrainingView.RandomResizedCrop"/> with the papers' settings.</value>
    public virtual TrainingView TrainingView { get; set; } = TrainingView.RandomResizedCrop;

    /// <summary>How images are brought to the backbone's size for prediction.</summary>
    /// <value>The default is <see cref="EvaluationView.ResizeAndCrop"/>: shorter side to 256/224 of the size, bicubic, centre crop.</value>
    public EvaluationView EvaluationView { get; set; } = EvaluationView.ResizeAndCrop;

    /// <summary>Whether each epoch visits a task's images in an order of its own. Otherwise they are trained in the order in which they arrive.</summary>
    /// <value>The default is true.</value>
    public bool Shuffle { get; set; } = true;

    /// <summary>Whether a task's decoded images stay in memory during its <c>Fit</c>. Otherwise each epoch reads the view anew, and shuffles within a window.</summary>
    /// <value>The default is true.</value>
    public bool CacheImages { get; set; } = true;

    /// <summary>The number of rows among which streamed images are shuffled when <see cref="CacheImages"/> is false.</summary>
    /// <value>The default is 4096.</value>
    public int ShuffleWindow { get; set; } = 4096;

    /// <summary>Images scored together by <c>Transform</c>.</summary>
    /// <value>The default is 64.</value>
    public int PredictionBatchSize { get; set; } = 64;

    /// <summary>The seed of everything random in the trainer; null takes one from the <c>MLContext</c>.</summary>
    /// <value>The default is null.</value>
    public int? Seed { get; set; }

    /// <summary>How predictions are made, in words for reports. Methods whose options let images of one batch help each other say so here.</summary>
    public virtual string Protocol => "each image by itself";

    /// <summary>A copy, so that a trainer is not changed through the options it was made from. The backbone is shared. Options that hold collections copy these too.</summary>
    public virtual MethodOptions Clone()
    {
        var copy = (MethodOptions)MemberwiseClone();
        copy.DecayAt = [.. DecayAt];
        return copy;
    }

    /// <summary>Makes the method with freshly initialised parameters.</summary>
    /// <param name="random">The stream of initial values.</param>
    public abstract ContinualMethod CreateMethod(Numerics.SeededRandom random);

    /// <summary>The tensors of the method's state that options size; all whose memory an option decides when the method is made.</summary>
    internal virtual IEnumerable<SizedTensor> SizedTensors => [];

    /// <summary>Checks every option; derived classes check theirs and call the base.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it, what was expected and what was found.</exception>
    public virtual void Validate()
    {
        OptionCheck.Require(Backbone is not null, nameof(Backbone), "a backbone", Backbone);
        OptionCheck.Name(ImageColumnName, nameof(ImageColumnName));
        OptionCheck.Name(LabelColumnName, nameof(LabelColumnName));
        OptionCheck.Name(ScoreColumnName, nameof(ScoreColumnName));
        OptionCheck.Name(PredictedLabelColumnName, nameof(PredictedLabelColumnName));
        CheckColumnNames();
        OptionCheck.Require(Epochs >= 1, nameof(Epochs), "at least 1", Epochs);
        OptionCheck.Require(BatchSize >= 1, nameof(BatchSize), "at least 1", BatchSize);
        OptionCheck.Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), "a positive number", LearningRate);
        OptionCheck.Require(FirstTaskLearningRate is null or > 0 and < double.PositiveInfinity, nameof(FirstTaskLearningRate), "a positive number, or null", FirstTaskLearningRate);
        OptionCheck.Require(Enum.IsDefined(Optimizer), nameof(Optimizer), "a known optimiser", Optimizer);
        OptionCheck.Require(Momentum is >= 0 and < 1, nameof(Momentum), "in [0, 1)", Momentum);
        OptionCheck.Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), nameof(WeightDecay), "0 or more", WeightDecay);
        OptionCheck.Require(FirstTaskWeightDecay is null or >= 0 and < double.PositiveInfinity, nameof(FirstTaskWeightDecay), "0 or more, or null", FirstTaskWeightDecay);
        OptionCheck.Require(Enum.IsDefined(Schedule), nameof(Schedule), "a known schedule", Schedule);
        OptionCheck.Require(MinimumLearningRate >= 0 && double.IsFinite(MinimumLearningRate), nameof(MinimumLearningRate), "0 or more", MinimumLearningRate);
        OptionCheck.Require(DecayAt is not null && DecayAt.All(share => share is >= 0 and < 1), nameof(DecayAt), "shares in [0, 1)", DecayAt is null ? null : string.Join(", ", DecayAt));
        OptionCheck.Require(DecayFactor is > 0 and <= 1, nameof(DecayFactor), "in (0, 1]", DecayFactor);
        OptionCheck.Require(MaximumGradientNorm is null or > 0, nameof(MaximumGradientNorm), "positive, or null", MaximumGradientNorm);
        OptionCheck.Require(TrainingView is not null, nameof(TrainingView), "a view", TrainingView);
        TrainingView!.Validate(nameof(TrainingView));
        OptionCheck.Require(EvaluationView is not null, nameof(EvaluationView), "a view", EvaluationView);
        EvaluationView!.Validate(nameof(EvaluationView));
        OptionCheck.Require(ShuffleWindow >= 1, nameof(ShuffleWindow), "at least 1", ShuffleWindow);
        OptionCheck.Require(PredictionBatchSize >= 1, nameof(PredictionBatchSize), "at least 1", PredictionBatchSize);
    }

    private void CheckColumnNames()
    {
        string[] names = [ImageColumnName, LabelColumnName, ScoreColumnName, PredictedLabelColumnName];
        if (names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Options {nameof(ImageColumnName)}, {nameof(LabelColumnName)}, {nameof(ScoreColumnName)} and {nameof(PredictedLabelColumnName)}: expected four different names, found '{twice.Key}' twice.");
    }
}
