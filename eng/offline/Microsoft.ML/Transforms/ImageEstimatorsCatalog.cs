using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML;

/// <summary>Loading, resizing and reading images.</summary>
public static class ImageEstimatorsCatalog
{
    /// <summary>Loads images from paths.</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="outputColumnName">The images.</param>
    /// <param name="imageFolder">The folder that relative paths start from; null or empty for the current one.</param>
    /// <param name="inputColumnName">The paths; null for the same name.</param>
    public static ImageLoadingEstimator LoadImages(this TransformsCatalog catalog, string outputColumnName, string imageFolder, string inputColumnName = null) =>
        new((outputColumnName, inputColumnName ?? outputColumnName), imageFolder, decode: true);

    /// <summary>Loads files from paths, as vectors of bytes.</summary>
    /// <inheritdoc cref="LoadImages"/>
    public static ImageLoadingEstimator LoadRawImageBytes(this TransformsCatalog catalog, string outputColumnName, string imageFolder, string inputColumnName = null) =>
        new((outputColumnName, inputColumnName ?? outputColumnName), imageFolder, decode: false);

    /// <summary>Resizes images to one size.</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="outputColumnName">The images of that size.</param>
    /// <param name="imageWidth">The width.</param>
    /// <param name="imageHeight">The height.</param>
    /// <param name="inputColumnName">The images; null for the same name.</param>
    /// <param name="resizing">What happens to the aspect ratio.</param>
    /// <param name="cropAnchor">What stays when cropping.</param>
    public static ImageResizingEstimator ResizeImages(
        this TransformsCatalog catalog, string outputColumnName, int imageWidth, int imageHeight, string inputColumnName = null,
        ImageResizingEstimator.ResizingKind resizing = ImageResizingEstimator.ResizingKind.IsoCrop,
        ImageResizingEstimator.Anchor cropAnchor = ImageResizingEstimator.Anchor.Center) =>
        new((outputColumnName, inputColumnName ?? outputColumnName), imageWidth, imageHeight, resizing, cropAnchor);

    /// <summary>Reads the pixels of images of one size into vectors.</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="outputColumnName">The vectors: channels × height × width, or height × width × channels where interleaved.</param>
    /// <param name="inputColumnName">The images; null for the same name.</param>
    /// <param name="colorsToExtract">The channels.</param>
    /// <param name="orderOfExtraction">Their order.</param>
    /// <param name="interleavePixelColors">Whether the channels of a pixel stand side by side.</param>
    /// <param name="offsetImage">What is subtracted first.</param>
    /// <param name="scaleImage">What is multiplied then.</param>
    /// <param name="outputAsFloatArray">Whether the output is Single; else Byte, without offset and scale.</param>
    public static ImagePixelExtractingEstimator ExtractPixels(
        this TransformsCatalog catalog, string outputColumnName, string inputColumnName = null,
        ImagePixelExtractingEstimator.ColorBits colorsToExtract = ImagePixelExtractingEstimator.ColorBits.Rgb,
        ImagePixelExtractingEstimator.ColorsOrder orderOfExtraction = ImagePixelExtractingEstimator.ColorsOrder.ARGB,
        bool interleavePixelColors = false, float offsetImage = 0, float scaleImage = 1, bool outputAsFloatArray = true) =>
        new((outputColumnName, inputColumnName ?? outputColumnName),
            new PixelLayout(colorsToExtract, orderOfExtraction, interleavePixelColors, offsetImage, scaleImage, outputAsFloatArray));
}
