namespace Microsoft.ML.Continual.Tasks;

/// <summary>A task that a model has learned: what is left of it when its rows are gone.</summary>
/// <param name="Name">The task's name; <c>Task n</c> where a bare view was learned.</param>
/// <param name="Classes">The indices of the classes that occurred in its training rows, ascending.</param>
public sealed record LearnedTask(string Name, IReadOnlyList<int> Classes)
{
    /// <summary>The name and the number of classes.</summary>
    public override string ToString() => $"{Name} ({Classes.Count} {(Classes.Count == 1 ? "class" : "classes")})";
}
