namespace Microsoft.ML.Continual.Samples.Serve;

/// <summary>The answer to <c>GET /model</c>.</summary>
/// <param name="Method">The method's name in the literature.</param>
/// <param name="Backbone">The frozen network.</param>
/// <param name="Classes">The labels, in the order they were learned.</param>
/// <param name="Tasks">The tasks, in the order they were learned.</param>
internal sealed record ModelAnswer(string Method, string Backbone, IReadOnlyList<string> Classes, IReadOnlyList<TaskAnswer> Tasks);
