namespace Microsoft.ML.Transforms.Image;

/// <summary>Which channels are read, in which order and scale.</summary>
internal sealed class PixelLayout
{
    public PixelLayout(
        ImagePixelExtractingEstimator.ColorBits colours, ImagePixelExtractingEstimator.ColorsOrder order,
        bool interleave, float offset, float scale, bool asSingle)
    {
        Errors.CheckParam((colours & ImagePixelExtractingEstimator.ColorBits.All) != 0, "colorsToExtract", "Need to use at least one color plane");
        Errors.CheckParam(Enum.IsDefined(order), "orderOfExtraction", "Undefined order.");
        if (asSingle)
        {
            Errors.CheckParam(float.IsFinite(offset), "offsetImage", "Must be finite.");
            Errors.CheckParam(float.IsFinite(scale) && scale != 0, "scaleImage", "Must be finite and not 0.");
        }
        Channels = string.Concat(order.ToString().Where(letter => colours.HasFlag(BitOf(letter))));
        (Interleave, Offset, Scale, AsSingle) = (interleave, offset, scale, asSingle);
    }

    /// <summary>The channels in order, a letter each of A, R, G and B.</summary>
    public string Channels { get; }

    public bool Interleave { get; }

    public float Offset { get; }

    public float Scale { get; }

    public bool AsSingle { get; }

    private static ImagePixelExtractingEstimator.ColorBits BitOf(char letter) => letter switch
    {
        'A' => ImagePixelExtractingEstimator.ColorBits.Alpha,
        'R' => ImagePixelExtractingEstimator.ColorBits.Red,
        'G' => ImagePixelExtractingEstimator.ColorBits.Green,
        _ => ImagePixelExtractingEstimator.ColorBits.Blue,
    };
}
