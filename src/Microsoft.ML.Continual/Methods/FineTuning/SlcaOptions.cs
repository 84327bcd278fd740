using Microsoft.ML.Continual.Methods.Alignment;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>
/// SLCA (Zhang et al., ICCV 2023): the whole network is fine-tuned slowly, at a hundredth of the classifier's rate, and after each task the classifier alone is aligned on features drawn from a normal
/// distribution of each class. No image is kept.
/// </summary>
/// <remarks>
/// <para>In a task only its own classes compete and only their rows train. Alignment begins with the rows that training left, changes all of them, and is dropped when the next task begins: it never accumulates,
/// so that a state holds both classifiers. Predictions are the aligned one's. A class's distribution is measured at the end of its task and not refreshed, though the network goes on moving.</para>
/// <para>A covariance is D² numbers a class: 236 MB for 100 classes of a ViT-B/16; <see cref="ClassifierAlignmentOptions.Statistics"/> has smaller ones. Means are drawn nearer to zero by the task that
/// brought the class, as in the authors' program, which computes that task from the size of the latest and is right for tasks of equal sizes only.</para>
/// </remarks>
public sealed class SlcaOptions : NetworkTuningOptions, IClassifierAlignment
{
    /// <summary>
    /// The authors' settings: <see cref="MethodOptions.Optimizer"/> = <see cref="OptimizerKind.Sgd"/>, <see cref="MethodOptions.WeightDecay"/> = <c>0.0005</c>,
    /// <see cref="MethodOptions.Schedule"/> = <see cref="LearningRateSchedule.Steps"/>, <see cref="MethodOptions.DecayAt"/> = <c>[0.9]</c>.
    /// </summary>
    public SlcaOptions() => (Optimizer, WeightDecay, Schedule, DecayAt) = (OptimizerKind.Sgd, 5e-4, LearningRateSchedule.Steps, [0.9]);

    /// <summary>How the classifier is aligned; null leaves it as it was trained.</summary>
    /// <value>The default is <see cref="ClassifierAlignmentOptions.Slca"/>.</value>
    public ClassifierAlignmentOptions? Alignment { get; set; } = ClassifierAlignmentOptions.Slca;

    /// <inheritdoc/>
    /// <value>The default is 0.01.</value>
    public override double LearningRate { get; set; } = 0.01;

    /// <inheritdoc/>
    /// <value>The default is 0.01.</value>
    public override double BackboneLearningRateScale { get; set; } = 0.01;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new SlcaMethod((SlcaOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        Alignment?.Validate(nameof(Alignment));
    }
}
