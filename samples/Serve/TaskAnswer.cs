namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>A task that the model has learned.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Classes">The labels that occurred in it.</param>
internal sealed record TaskAnswer(string Name, IReadOnlyList<string> Classes);
