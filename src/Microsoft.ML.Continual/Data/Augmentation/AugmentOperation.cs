namespace Microsoft.ML.Continual.Data.Augmentation;

/// <summary>The operations of AutoAugment on 8-bit images, with the meaning of their magnitudes.</summary>
internal enum AugmentOperation
{
    /// <summary>Rows slide sideways: the tangent of the angle.</summary>
    ShearX,

    /// <summary>Columns slide up or down: the tangent of the angle.</summary>
    ShearY,

    /// <summary>Pixels to the right.</summary>
    TranslateX,

    /// <summary>Pixels down.</summary>
    TranslateY,

    /// <summary>About the centre: degrees, counter-clockwise.</summary>
    Rotate,

    /// <summary>Away from black: what is added to the factor 1.</summary>
    Brightness,

    /// <summary>Away from the image's grey levels: what is added to the factor 1.</summary>
    Color,

    /// <summary>Away from the image's mean grey: what is added to the factor 1.</summary>
    Contrast,

    /// <summary>Away from the smoothed image: what is added to the factor 1.</summary>
    Sharpness,

    /// <summary>The high bits that are kept.</summary>
    Posterize,

    /// <summary>The level from which on levels are inverted.</summary>
    Solarize,

    /// <summary>Stretches each channel to all levels; no magnitude.</summary>
    AutoContrast,

    /// <summary>Flattens each channel's histogram; no magnitude.</summary>
    Equalize,

    /// <summary>Inverts all levels; no magnitude.</summary>
    Invert,
}
