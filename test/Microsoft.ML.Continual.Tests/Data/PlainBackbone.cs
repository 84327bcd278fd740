using Microsoft.ML.Continual.Backbones;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Data;

/// <summary>A backbone without a network: the size, place, type and normalisation that images are prepared for.</summary>
internal sealed class PlainBackbone(int imageSize, ImageNormalization? normalization = null, ScalarType computeType = ScalarType.Float32) : Backbone
{
    public override string Architecture => $"none, image {imageSize}";

    public override int ImageSize => imageSize;

    public override int Width => 1;

    public override Device Device => CPU;

    public override ScalarType ComputeType => computeType;

    public override ImageNormalization Normalization { get; } = normalization ?? ImageNormalization.None;

    public override void Dispose() { }
}
