namespace Microsoft.ML.Continual.Samples.Runner.Methods;

/// <summary>The kind of network that a method adapts. One file of weights is of one kind.</summary>
public enum BackboneKind
{
    /// <summary>A vision transformer.</summary>
    VisionTransformer,

    /// <summary>A CLIP with its vocabulary.</summary>
    Clip,
}
