namespace Microsoft.ML.Continual.Methods.ClipPrompt;

/// <summary>What one task contributes to the texts: its classes and their names. Its context is a tensor of the method's.</summary>
/// <param name="Classes">Class indices of the registry, ascending.</param>
/// <param name="Names">The names of these classes, in the same order.</param>
/// <param name="Ids">The token ids of their texts, in the same order, from start to end.</param>
internal sealed record ClipTask(IReadOnlyList<int> Classes, IReadOnlyList<string> Names, IReadOnlyList<IReadOnlyList<int>> Ids);
