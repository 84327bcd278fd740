using Microsoft.ML.Continual.Numerics;

namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>Draws operations from a policy and turns their levels into magnitudes, as torchvision's <c>AutoAugment</c> does.</summary>
internal static class AutoAugment
{
    private const int TopLevel = 9;

    /// <summary>Draws an image's pair. Five numbers of the stream, whatever comes out: the pair, whether each operation is applied, and the sign of each.</summary>
    /// <param name="policy">Not <see cref="AutoAugmentPolicy.None"/>.</param>
    /// <param name="height">The image's rows, which vertical translations are a share of.</param>
    /// <param name="width">The image's columns, which horizontal translations are a share of.</param>
    /// <param name="random">The stream of the view.</param>
    public static AugmentPair Draw(AutoAugmentPolicy policy, int height, int width, SeededRandom random)
    {
        ReadOnlySpan<(AugmentStep First, AugmentStep Second)> pairs = AugmentTables.Of(policy);
        (AugmentStep first, AugmentStep second) = pairs[random.NextInt(pairs.Length)];
        // Below, not at: a probability of 0 is never and one of 1 always.
        bool applyFirst = random.NextDouble() < first.Probability, applySecond = random.NextDouble() < second.Probability;
        bool firstIsPositive = random.NextInt(2) == 1, secondIsPositive = random.NextInt(2) == 1;
        return new AugmentPair(
            applyFirst ? Act(first, firstIsPositive, height, width) : null,
            applySecond ? Act(second, secondIsPositive, height, width) : null);
    }

    /// <summary>A step with its level as a magnitude; the sign is that of shears, translations, rotations and the four factors.</summary>
    public static AugmentAction Act(AugmentStep step, bool isPositive, int height, int width)
    {
        double magnitude = Magnitude(step, height, width);
        bool signed = step.Operation <= AugmentOperation.Sharpness;
        return new AugmentAction(step.Operation, signed && !isPositive ? -magnitude : magnitude);
    }

    private static double Magnitude(AugmentStep step, int height, int width) => step.Operation switch
    {
        AugmentOperation.ShearX or AugmentOperation.ShearY => Linear(0, 0.3f, step.Level),
        AugmentOperation.TranslateX => Translation(width, step.Level),
        AugmentOperation.TranslateY => Translation(height, step.Level),
        AugmentOperation.Rotate => Linear(0, 30, step.Level),
        AugmentOperation.Brightness or AugmentOperation.Color or AugmentOperation.Contrast or AugmentOperation.Sharpness => Linear(0, 0.9f, step.Level),
        AugmentOperation.Posterize => 8 - Math.Round(step.Level * 4.0 / TopLevel),
        AugmentOperation.Solarize => Linear(255, 0, step.Level),
        _ => 0,
    };

    /// <summary>Whole pixels, cut towards zero. The paper's 150 pixels of 331, in proportion.</summary>
    private static int Translation(int size, int level) => (int)(size * 150.0 / 331 * level / TopLevel);

    /// <summary>
    /// PyTorch's <c>linspace</c>, in float32 from both ends. Its last bits count: a factor a hair below 0.4 makes levels that would be whole numbers fall short of them, and PIL drops fractions.
    /// </summary>
    private static float Linear(float start, float end, int level)
    {
        float step = (end - start) / TopLevel;
        return level <= TopLevel / 2 ? start + step * level : end - step * (TopLevel - level);
    }
}
