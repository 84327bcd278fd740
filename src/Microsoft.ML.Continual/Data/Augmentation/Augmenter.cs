namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>Applies one operation to an image of bytes.</summary>
internal static class Augmenter
{
    /// <summary>Applies an operation.</summary>
    /// <param name="action">The operation.</param>
    /// <param name="height">The image's rows H.</param>
    /// <param name="width">The image's columns W.</param>
    /// <param name="pixels">[3, H, W] at its start, before and after.</param>
    /// <param name="spare">At least as much room; the two arrays change places where an operation cannot work in place.</param>
    public static void Apply(AugmentAction action, int height, int width, ref byte[] pixels, ref byte[] spare)
    {
        int plane = height * width;
        Span<byte> image = pixels.AsSpan(0, 3 * plane), other = spare.AsSpan(0, 3 * plane);
        float factor = (float)(1 + action.Magnitude);
        switch (action.Operation)
        {
            case AugmentOperation.Brightness:
                LevelOperations.MoveFrom(image, 0, factor);
                return;
            case AugmentOperation.Color:
                NeighbourOperations.Saturate(image, factor);
                return;
            case AugmentOperation.Contrast:
                LevelOperations.MoveFrom(image, NeighbourOperations.MeanGrey(image), factor);
                return;
            case AugmentOperation.Posterize:
                LevelOperations.Posterize(image, (int)action.Magnitude);
                return;
            case AugmentOperation.Solarize:
                LevelOperations.Solarize(image, action.Magnitude);
                return;
            case AugmentOperation.Invert:
                LevelOperations.Invert(image);
                return;
            case AugmentOperation.AutoContrast:
                for (int c = 0; c < 3; c++) LevelOperations.AutoContrast(image.Slice(c * plane, plane));
                return;
            case AugmentOperation.Equalize:
                for (int c = 0; c < 3; c++) LevelOperations.Equalize(image.Slice(c * plane, plane));
                return;
            case AugmentOperation.Sharpness:
                for (int c = 0; c < 3; c++) NeighbourOperations.Sharpen(image.Slice(c * plane, plane), width, factor, other.Slice(c * plane, plane));
                break;
            default:
                MapOf(action, height, width).Apply(image, height, width, other);
                break;
        }
        (pixels, spare) = (spare, pixels);
    }

    private static AffineMap MapOf(AugmentAction action, int height, int width) => action.Operation switch
    {
        AugmentOperation.ShearX => AffineMap.ShearX(action.Magnitude),
        AugmentOperation.ShearY => AffineMap.ShearY(action.Magnitude),
        AugmentOperation.TranslateX => AffineMap.Translate(action.Magnitude, 0),
        AugmentOperation.TranslateY => AffineMap.Translate(0, action.Magnitude),
        AugmentOperation.Rotate => AffineMap.Rotate(action.Magnitude, height, width),
        _ => throw new ArgumentOutOfRangeException(nameof(action), action.Operation, "Expected a known operation of AutoAugment."),
    };
}
