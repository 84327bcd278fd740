namespace Microsoft.ML.Continual.Training;

/// <summary>How far the last task's whole update moved the products of old tasks' activations with the parameters.</summary>
/// <param name="TaskIndex">The task that was trained last, 0-based.</param>
/// <param name="Entries">One entry for each site and past task.</param>
public sealed record InterferenceAudit(int TaskIndex, IReadOnlyList<InterferenceEntry> Entries);
