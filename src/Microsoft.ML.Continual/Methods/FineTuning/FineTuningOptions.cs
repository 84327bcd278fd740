using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.FineTuning;

/// <summary>A baseline: the whole network and a classifier, trained on one task after another, with nothing that protects old tasks.</summary>
/// <remarks>
/// The literature has two: FT lets all classes seen compete (<see cref="ClassMask.SeenClasses"/>) and forgets nearly everything; FT++ only the task's own (<see cref="ClassMask.CurrentTask"/>), so that the
/// classifier's rows of old classes keep their bits. What either scores depends on the learning rate more than on anything else: report it. All images of a benchmark in one task make it joint training.
/// In a task of a single class all classes seen compete whatever the mask: alone it would teach nothing.
/// </remarks>
public sealed class FineTuningOptions : NetworkTuningOptions
{
    /// <summary>Which classes compete in the training loss.</summary>
    /// <value>The default is <see cref="ClassMask.SeenClasses"/>.</value>
    public ClassMask ClassMask { get; set; } = ClassMask.SeenClasses;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new FineTuningMethod((FineTuningOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Enum.IsDefined(ClassMask), nameof(ClassMask), "a known mask", ClassMask);
    }
}
