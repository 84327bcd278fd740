using Microsoft.ML.Continual.Inference;

namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>A model and what the server says of it.</summary>
/// <param name="Transformer">Scores images; used by several threads, disposed by whoever made it.</param>
internal sealed record ServedModel(ContinualTransformer Transformer)
{
    /// <summary>The labels by class index.</summary>
    public IReadOnlyList<string> Labels { get; } = Transformer.Classes.Names;
}
