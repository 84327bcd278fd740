using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>
/// Learning without Forgetting (Li and Hoiem, ECCV 2016): the whole network is fine-tuned while a frozen copy from before the task says what old classes' outputs should stay. No image is kept.
/// </summary>
/// <remarks>
/// The loss is <c>CE + DistillationWeight · KD</c> with <c>KD = −mean_b Σ_c softmax(old / T)_c · log softmax(new / T)_c</c> over the old classes, on the same augmented batch. Weight and
/// temperature's square change results a great deal and differ between published programs: report both. The copy costs one more forward pass a step and the network's size in memory during a task.
/// </remarks>
public sealed class LwfOptions : NetworkTuningOptions
{
    /// <summary>Which classes compete in the cross-entropy.</summary>
    /// <value>The default is <see cref="ClassMask.CurrentTask"/>.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.CurrentTask;

    /// <summary>The weight of the distillation, 0 or more; 0 is plain fine-tuning.</summary>
    /// <value>The default is 1.</value>
    public double DistillationWeight { get; set; } = 1;

    /// <summary>The temperature T that softens both outputs, above 0.</summary>
    /// <value>The default is 2.</value>
    public double Temperature { get; set; } = 2;

    /// <summary>Whether the distillation is multiplied by T², as in classical distillation; class-incremental programs do not.</summary>
    /// <value>The default is false.</value>
    public bool ScaleBySquaredTemperature { get; set; }

    /// <summary>Which old classes share a softmax.</summary>
    /// <value>The default is <see cref="LwfGrouping.AllOld"/>.</value>
    public LwfGrouping Grouping { get; set; } = LwfGrouping.AllOld;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new LwfMethod((LwfOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
        OptionCheck.Require(DistillationWeight >= 0 && double.IsFinite(DistillationWeight), nameof(DistillationWeight), "0 or more", DistillationWeight);
        OptionCheck.Require(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), "a positive number", Temperature);
        OptionCheck.Require(Enum.IsDefined(Grouping), nameof(Grouping), "a known grouping", Grouping);
    }
}
