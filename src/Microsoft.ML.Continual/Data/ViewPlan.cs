using System.Runtime.InteropServices;
using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Data;

/// <summary>What becomes of one image: a box of its pixels, resized; a window of that; perhaps mirrored.</summary>
/// <param name="Top">The box's first row.</param>
/// <param name="Left">The box's first column.</param>
/// <param name="Height">The box's rows.</param>
/// <param name="Width">The box's columns.</param>
/// <param name="ResizedHeight">The rows that the box is resized to.</param>
/// <param name="ResizedWidth">The columns that the box is resized to.</param>
/// <param name="WindowTop">The first row kept of those.</param>
/// <param name="WindowLeft">The first column kept of those.</param>
/// <param name="Filter">The resampling filter.</param>
/// <param name="Mirrored">Whether left and right change places.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ViewPlan(
    int Top, int Left, int Height, int Width, int ResizedHeight, int ResizedWidth, int WindowTop, int WindowLeft, ResizeFilter Filter, bool Mirrored)
{
    private const double MinimumAspect = 3.0 / 4.0, MaximumAspect = 4.0 / 3.0;
    private const int CropTries = 10;

    /// <summary>Whether pixels are copied, not resampled.</summary>
    public bool IsCopy => Height == ResizedHeight && Width == ResizedWidth;

    /// <summary>The view of prediction.</summary>
    /// <param name="height">The image's rows.</param>
    /// <param name="width">The image's columns.</param>
    /// <param name="size">The backbone's input side S.</param>
    /// <param name="view">How the image is brought to that size.</param>
    public static ViewPlan ForEvaluation(int height, int width, int size, EvaluationView view)
    {
        if (!view.Crop) return new ViewPlan(0, 0, height, width, size, size, 0, 0, view.Filter, false);

        // torchvision's Resize(int) and CenterCrop: the longer side is cut to a whole number, offsets are rounded half to even.
        int shorter = (int)(size * view.ResizeRatio);
        int longer = view.Squash ? shorter : checked((int)((long)shorter * Math.Max(height, width) / Math.Min(height, width)));
        (int resizedHeight, int resizedWidth) = height <= width ? (shorter, longer) : (longer, shorter);
        int top = (int)Math.Round((resizedHeight - size) / 2.0, MidpointRounding.ToEven);
        int left = (int)Math.Round((resizedWidth - size) / 2.0, MidpointRounding.ToEven);
        return new ViewPlan(0, 0, height, width, resizedHeight, resizedWidth, top, left, view.Filter, false);
    }

    /// <summary>The view of training, with its random numbers drawn: first the crop, then the flip.</summary>
    public static ViewPlan ForTraining(int height, int width, int size, TrainingView training, EvaluationView evaluation, SeededRandom random)
    {
        ViewPlan plan = training.Kind == TrainingViewKind.RandomResizedCrop
            ? RandomResizedCrop(height, width, size, training.MinimumArea, training.Filter, random)
            : ForEvaluation(height, width, size, evaluation);
        return training.FlipProbability > 0 ? plan with { Mirrored = random.NextDouble() < training.FlipProbability } : plan;
    }

    /// <summary>torchvision's <c>RandomResizedCrop</c>: area U(minimum, 1), log-uniform aspect in [¾, 4⁄3], ten tries, then the largest central crop.</summary>
    private static ViewPlan RandomResizedCrop(int height, int width, int size, double minimumArea, ResizeFilter filter, SeededRandom random)
    {
        double logMinimum = Math.Log(MinimumAspect), logMaximum = Math.Log(MaximumAspect);
        for (int i = 0; i < CropTries; i++)
        {
            double area = (double)height * width * random.NextUniform(minimumArea, 1);
            double aspect = Math.Exp(random.NextUniform(logMinimum, logMaximum));
            int cropWidth = (int)Math.Round(Math.Sqrt(area * aspect), MidpointRounding.ToEven);
            int cropHeight = (int)Math.Round(Math.Sqrt(area / aspect), MidpointRounding.ToEven);
            if (cropWidth < 1 || cropWidth > width || cropHeight < 1 || cropHeight > height) continue;
            int top = random.NextInt(height - cropHeight + 1), left = random.NextInt(width - cropWidth + 1);
            return Resized(top, left, cropHeight, cropWidth, size, filter);
        }

        double whole = (double)width / height;
        int h = height, w = width;
        if (whole < MinimumAspect) h = (int)Math.Round(width / MinimumAspect, MidpointRounding.ToEven);
        else if (whole > MaximumAspect) w = (int)Math.Round(height * MaximumAspect, MidpointRounding.ToEven);
        return Resized((height - h) / 2, (width - w) / 2, h, w, size, filter);
    }

    private static ViewPlan Resized(int top, int left, int height, int width, int size, ResizeFilter filter) =>
        new(top, left, height, width, size, size, 0, 0, filter, false);
}
