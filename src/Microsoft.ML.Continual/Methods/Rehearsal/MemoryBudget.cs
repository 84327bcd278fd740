namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>What the size of a memory counts.</summary>
public enum MemoryBudget
{
    /// <summary>All images together: each class has the same share, rounded down, which shrinks as classes come.</summary>
    Total,

    /// <summary>The images of one class: the memory grows with the classes.</summary>
    PerClass,
}
