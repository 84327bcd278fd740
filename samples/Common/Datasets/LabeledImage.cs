using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Samples.Datasets;

/// <summary>A row of a data set: a label, and an image that is decoded only when its column is read.</summary>
public sealed class LabeledImage
{
    private readonly Func<MLImage> _decode;

    /// <summary>Describes an image.</summary>
    /// <param name="label">The name of its class.</param>
    /// <param name="decode">Decodes it; called at every reading.</param>
    public LabeledImage(string label, Func<MLImage> decode) => (Label, _decode) = (label, decode);

    /// <summary>The name of the class.</summary>
    public string Label { get; }

    /// <summary>The same image under another name of its class.</summary>
    public LabeledImage WithLabel(string label) => new(label, _decode);

    /// <summary>The image, decoded anew.</summary>
    [AnySizeImage]
    public MLImage Image => _decode();
}
