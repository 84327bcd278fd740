namespace Microsoft.ML.Continual.Inference;

/// <summary>What a model is told about images whose task is known.</summary>
/// <param name="Index">The learned task, 0-based, for scorers that can use it; null where the model has learned no such task.</param>
/// <param name="Classes">The indices of the classes to choose among, ascending; at least one.</param>
internal sealed record TaskHint(int? Index, IReadOnlyList<int> Classes);
