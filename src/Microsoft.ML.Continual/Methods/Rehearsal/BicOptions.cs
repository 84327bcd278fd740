using Microsoft.ML.Continual.Methods.FineTuning;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>
/// BiC (Wu et al., CVPR 2019): the whole network is fine-tuned on a task's images and remembered ones with distillation; then two numbers correct the logits of the task's new classes, which the
/// imbalance has made too large, on images that were held out of training.
/// </summary>
/// <remarks>
/// <para>Stage 1 minimises <c>λ · KD + (1 − λ) · CE</c> with λ = n / (n + m) for n old and m classes of the task. Stage 2 finds α and β of <c>α z + β</c> for new classes, a convex problem in two variables
/// that is solved to its minimum. As in the authors' program one correction is live at a time: the next task's teacher is corrected, and its student learns what that says.</para>
/// <para>A tenth of the memory (<see cref="ValidationShare"/>) is for validation, as many images of each class, old and new; those of a task's classes are held out before stage 1. Where the share
/// is less than an image a class there is no stage 2, and a line says so. In the first task nothing is held out, as there is nothing to correct.</para>
/// </remarks>
public sealed class BicOptions : ExemplarOptions
{
    /// <summary>The temperature that softens both outputs in the distillation, above 0.</summary>
    /// <value>The default is 2.</value>
    public double Temperature { get; set; } = 2;

    /// <summary>The share of the memory that is for validation, in (0, 1).</summary>
    /// <value>The default is 0.1.</value>
    public double ValidationShare { get; set; } = 0.1;

    /// <summary>The weight w of the term w · β² / 2 in stage 2, 0 or more.</summary>
    /// <value>The default is 0.1.</value>
    public double BiasPenalty { get; set; } = 0.1;

    /// <inheritdoc/>
    public override ContinualMethod CreateMethod(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Validate();
        return new BicMethod((BicOptions)Clone());
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionCheck.Require(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), "a positive number", Temperature);
        OptionCheck.Require(ValidationShare is > 0 and < 1, nameof(ValidationShare), "in (0, 1)", ValidationShare);
        OptionCheck.Require(BiasPenalty >= 0 && double.IsFinite(BiasPenalty), nameof(BiasPenalty), "0 or more", BiasPenalty);
    }

    /// <summary>The validation images that a class may have among so many: floor(share · memory / classes).</summary>
    internal int ValidationImages(int classes) => (int)Math.Floor((ValidationShare * MemorySize / (Budget == MemoryBudget.Total ? classes : 1)) + 1e-9);
}
