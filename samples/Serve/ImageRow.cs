using Microsoft.ML.Continual.Samples.Datasets;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>What the model reads: an image of any size.</summary>
internal sealed class ImageRow
{
    [AnySizeImage]
    public MLImage? Image { get; set; }
}
