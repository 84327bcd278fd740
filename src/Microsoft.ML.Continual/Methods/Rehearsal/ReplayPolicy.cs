namespace Microsoft.ML.Continual.Methods.Rehearsal;

/// <summary>Which images a replay memory keeps of all that pass by.</summary>
public enum ReplayPolicy
{
    /// <summary>Every image that has passed is there with the same probability (Vitter, 1985).</summary>
    Reservoir,

    /// <summary>The latest of each class, each class with the same share of the memory.</summary>
    Ring,
}
