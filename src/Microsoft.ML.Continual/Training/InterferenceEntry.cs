namespace Microsoft.ML.Continual.Training;

/// <summary>One line of an <see cref="InterferenceAudit"/>.</summary>
/// <param name="Site">The projection site's name.</param>
/// <param name="PastTaskIndex">The old task, 0-based.</param>
/// <param name="RelativeChange">
/// ‖X Δpᵀ‖ / ‖X pᵀ‖ (Frobenius) over the old task's activations X, with p the rows before the last task and Δp their change; 0 means undisturbed.
/// </param>
/// <param name="UnconstrainedShare">
/// ‖X Δpᵀ‖ / (σ₁(X) ‖Δp‖), with σ₁ the largest singular value: the same change as a share of the largest that an update of this size could have made; in [0, 1], 0 when nothing moved.
/// </param>
public sealed record InterferenceEntry(string Site, int PastTaskIndex, double RelativeChange, double UnconstrainedShare);
