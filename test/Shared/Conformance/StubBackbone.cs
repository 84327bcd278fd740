using Microsoft.ML.Continual.Backbones;
using static TorchSharp.torch;

namespace Microsoft.ML.Continual.Tests.Conformance;

/// <summary>A backbone without weights, for methods that look at pixels.</summary>
internal sealed class StubBackbone : Backbone
{
    public override string Architecture => "stub";

    public override int ImageSize => TinyImages.Size;

    public override int Width => 3;

    public override Device Device => CPU;

    public override ScalarType ComputeType => ScalarType.Float32;

    public override ImageNormalization Normalization => ImageNormalization.None;

    public override void Dispose()
    {
    }
}
