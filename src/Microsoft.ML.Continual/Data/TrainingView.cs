using Microsoft.ML.Continual.Methods;

namespace Microsoft.ML.Continual.Data;

/// <summary>How a training image becomes the backbone's square input.</summary>
/// <param name="Kind">Crop at random, or bring the whole image to size the same way every time.</param>
/// <param name="MinimumArea">The smallest share of the image's area that a random crop may have, in (0, 1].</param>
/// <param name="FlipProbability">The probability of a left-right flip, in [0, 1].</param>
/// <param name="Filter">The resampling filter of a random crop; <see cref="TrainingViewKind.SameAsEvaluation"/> has the evaluation view's.</param>
/// <param name="AutoAugment">Operations on the whole image before anything else. They work on 256 levels: images of floats are rounded to these first.</param>
/// <remarks>With a deterministic view (<see cref="IsDeterministic"/>) features of the frozen backbone are computed once an image.</remarks>
public sealed record TrainingView(
    TrainingViewKind Kind, double MinimumArea = 0.05, double FlipProbability = 0.5, ResizeFilter Filter = ResizeFilter.Bilinear, AutoAugmentPolicy AutoAugment = AutoAugmentPolicy.None)
{
    /// <summary>The papers' view: area U(0.05, 1), log-uniform aspect in [3/4, 4/3], bilinear with antialias, flip with probability 0.5.</summary>
    public static TrainingView RandomResizedCrop { get; } = new(TrainingViewKind.RandomResizedCrop);

    /// <summary>The evaluation view, never flipped: every epoch sees the same pixels.</summary>
    public static TrainingView Deterministic { get; } = new(TrainingViewKind.SameAsEvaluation, 1, 0);

    /// <summary>Whether an image looks the same in every epoch.</summary>
    public bool IsDeterministic => Kind == TrainingViewKind.SameAsEvaluation && FlipProbability == 0 && AutoAugment == AutoAugmentPolicy.None;

    /// <summary>Checks the numbers of the option that holds this view.</summary>
    internal void Validate(string option)
    {
        OptionCheck.Require(Enum.IsDefined(Kind), $"{option}.{nameof(Kind)}", "a known kind", Kind);
        OptionCheck.Require(MinimumArea is > 0 and <= 1, $"{option}.{nameof(MinimumArea)}", "in (0, 1]", MinimumArea);
        OptionCheck.Require(FlipProbability is >= 0 and <= 1, $"{option}.{nameof(FlipProbability)}", "in [0, 1]", FlipProbability);
        OptionCheck.Require(Enum.IsDefined(Filter), $"{option}.{nameof(Filter)}", "a known filter", Filter);
        OptionCheck.Require(Enum.IsDefined(AutoAugment), $"{option}.{nameof(AutoAugment)}", "a known policy", AutoAugment);
    }
}
