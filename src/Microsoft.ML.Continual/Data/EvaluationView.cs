using Microsoft.ML.Continual.Methods;

namespace Microsoft.ML.Continual.Data;

/// <summary>How an image is brought to the backbone's size S for prediction, with antialias.</summary>
/// <param name="Crop">Whether the shorter side goes to S · <paramref name="ResizeRatio"/> and the centre is cut out; otherwise the whole image is resized to S × S.</param>
/// <param name="ResizeRatio">At least 1; used with <paramref name="Crop"/>.</param>
/// <param name="Filter">The resampling filter.</param>
/// <param name="Squash">Whether, with <paramref name="Crop"/>, both sides go to S · <paramref name="ResizeRatio"/>, so that an image that is not square is squashed to one.</param>
public sealed record EvaluationView(bool Crop, double ResizeRatio = 256.0 / 224.0, ResizeFilter Filter = ResizeFilter.Bicubic, bool Squash = false)
{
    /// <summary>The papers' view: shorter side to int(256/224 · S), bicubic, centre crop S.</summary>
    public static EvaluationView ResizeAndCrop { get; } = new(true);

    /// <summary>As <see cref="ResizeAndCrop"/>, bilinear: CLIP-PGP's view.</summary>
    public static EvaluationView ResizeAndCropBilinear { get; } = new(true, Filter: ResizeFilter.Bilinear);

    /// <summary>The whole image, resized to S × S (bicubic); the image itself where it has that size.</summary>
    public static EvaluationView Resize { get; } = new(false);

    /// <summary>Checks the numbers of the option that holds this view.</summary>
    internal void Validate(string option)
    {
        OptionCheck.Require(ResizeRatio >= 1 && double.IsFinite(ResizeRatio), $"{option}.{nameof(ResizeRatio)}", "at least 1", ResizeRatio);
        OptionCheck.Require(Enum.IsDefined(Filter), $"{option}.{nameof(Filter)}", "a known filter", Filter);
    }
}
